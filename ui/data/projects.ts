import type { ProjectMap } from '../../api/contract/rest.js';
import { call } from './api.js';

export type { ProjectMap };

export interface ProjectEntry {
  readonly id: number;
  readonly name: string;
}

export async function listProjects(): Promise<readonly ProjectEntry[]> {
  const answer = await call<{ readonly items: readonly ProjectEntry[] } | readonly ProjectEntry[]>(
    'GET',
    '/v1/projects',
  );
  return 'items' in answer ? answer.items : answer;
}

export function loadProject(id: number, signal?: AbortSignal): Promise<ProjectMap> {
  return call<ProjectMap>('GET', `/v1/projects/${id}/map`, { signal });
}
