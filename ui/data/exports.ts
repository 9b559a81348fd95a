import type { ExportJob, ExportWish } from '../../api/contract/history.js';
import { call } from './api.js';
import type { StateWord } from './states.js';

export type { ExportJob };

export const exportJobs = async (signal: AbortSignal): Promise<readonly ExportJob[]> =>
  (await call('GET', '/v1/exports', { signal })).items;

/** What is left out is as the server has it usually. */
type Wish = Partial<ExportWish> & Pick<ExportWish, 'fromUnixMs' | 'toUnixMs'>;

export const startExport = (wish: Wish): Promise<ExportJob> =>
  call('POST', '/v1/exports', { body: wish });

/** Cancels one that is made, removes the file of one that is done. */
export const endExport = (id: string): Promise<unknown> =>
  call('DELETE', '/v1/exports/{id}', { params: { id } });

export const exportHref = (id: string): string => `/v1/exports/${id}/download`;

const STATE_WORDS: Readonly<Record<ExportJob['state'], StateWord>> = {
  queued: { tone: 'unknown', word: 'Waiting' },
  running: { tone: 'attention', word: 'Being made' },
  done: { tone: 'good', word: 'Done' },
  failed: { tone: 'critical', word: 'Failed' },
  cancelled: { tone: 'off', word: 'Cancelled' },
};
export const exportStateWord = (state: ExportJob['state']): StateWord => STATE_WORDS[state];

export const isBeingMade = ({ state }: Pick<ExportJob, 'state'>): boolean =>
  state === 'queued' || state === 'running';

export const EXPORT_FORMATS = [
  { value: 'csv', word: 'CSV, for spreadsheets' },
  { value: 'parquet', word: 'Parquet, for data tools' },
  { value: 'json', word: 'JSON, for programs' },
] as const;

/** How close the values of a file are to what was measured. */
export const EXPORT_STEPS = [
  { value: '', word: 'Every value' },
  { value: '60000', word: 'The mean of each minute' },
  { value: '3600000', word: 'The mean of each hour' },
  { value: '86400000', word: 'The mean of each day' },
] as const;

export interface ExportForm {
  readonly channels: readonly string[] | 'all';
  readonly fromUnixMs: number;
  readonly toUnixMs: number;
  readonly format: string;
  readonly step: string;
}

/** The form as the server takes it. */
export function exportWish(form: ExportForm): Wish {
  const { channels, step } = form;
  return {
    ...(channels === 'all' ? { all: true } : { channels: [...channels] }),
    fromUnixMs: Math.round(form.fromUnixMs),
    toUnixMs: Math.round(form.toUnixMs),
    format: EXPORT_FORMATS.find(({ value }) => value === form.format)?.value ?? 'csv',
    ...(step === '' ? {} : { aggregation: 'avg' as const, intervalMs: Number(step) }),
  };
}
