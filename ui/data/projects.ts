import type { ProjectMap } from '../../api/contract/rest.js';
import { call } from './api.js';

export type { ProjectMap };

export interface ProjectEntry {
  readonly id: number;
  readonly name: string;
}

export async function listProjects(): Promise<readonly ProjectEntry[]> {
  return (await call('GET', '/v1/projects')).items;
}

export function loadProject(id: number, signal?: AbortSignal): Promise<ProjectMap> {
  return call('GET', '/v1/projects/{id}/map', { params: { id }, signal });
}
