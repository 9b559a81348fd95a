import type { AnswerOf } from '../../api/client/calls.types.js';
import type { Filter, LiveQueryInput } from '../../api/contract/live.js';
import type { ChannelRow, DeviceRow } from '../../api/contract/rows.js';
import { call } from './api.js';
import { nameWords } from './format.js';
import { watch } from './live.svelte.js';

export type { ChannelRow, DeviceRow };

export type ParameterValue = number | string | boolean;

/** The fate of a parameter that was sent to a device. */
export type Command = AnswerOf<'POST', '/v1/devices/{id}/parameters'>;

export const FIXED_COLUMNS = [
  'id',
  'name',
  'state',
  'lastSeenUnixMs',
  'sinceUnixMs',
  'protocol',
  'reconnects',
  'address',
  'lastError',
] as const;

const LABELS: Readonly<Record<string, string>> = {
  id: 'Id',
  name: 'Name',
  state: 'State',
  lastSeenUnixMs: 'Last seen',
  sinceUnixMs: 'In this state',
  protocol: 'Speaks',
  reconnects: 'Reconnects',
  address: 'Address',
  lastError: 'Last error',
};

/** What a column is called on the page. */
export function columnLabel(field: string): string {
  return LABELS[field] ?? nameWords(field.replace(/^values\./, '').replace(/UnixMs$/, ''));
}

/** Sends a parameter to a device. Answers at once or when the device did; `commandsOf` tells what became of it. */
export function setParameter(
  deviceId: string,
  name: string,
  value: ParameterValue,
): Promise<Command> {
  return call('POST', '/v1/devices/{id}/parameters', {
    params: { id: deviceId },
    body: { name, value },
  });
}

/** The latest commands of a device, newest first. */
export async function commandsOf(deviceId: string, limit: number): Promise<readonly Command[]> {
  const given = { params: { id: deviceId }, query: { limit } };
  return (await call('GET', '/v1/devices/{id}/commands', given)).items;
}

/** Values as typed in a form: `12.5` is a number, `true` a boolean, the rest text. */
export function parameterFrom(text: string): ParameterValue {
  const trimmed = text.trim();
  if (trimmed === 'true' || trimmed === 'false') return trimmed === 'true';
  const value = Number(trimmed);
  return trimmed !== '' && Number.isFinite(value) ? value : text;
}

const SAMPLE_ROWS = 100;

/** Looks once at whole rows, to learn which value columns there are. The answer stops it. */
export function sampleDevices(
  filter: Filter | undefined,
  done: (rows: readonly object[]) => void,
): () => void {
  const query: LiveQueryInput = {
    resource: 'devices',
    ...(filter ? { filter } : {}),
    window: { offset: 0, limit: SAMPLE_ROWS },
  };
  let stop: (() => void) | undefined;
  let over = false;
  const end = (): void => {
    over = true;
    stop?.();
  };
  stop = watch(query, (view) => {
    if (over || view.status === 'loading') return;
    done(view.rows);
    // Not while the client still walks its listeners.
    queueMicrotask(end);
  });
  return end;
}
