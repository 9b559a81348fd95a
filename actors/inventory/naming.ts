import type { DeviceRecord, RfChannelRow } from './inventory.types.js';

const SHORT_ID = /^([A-Za-z]+)?-?[0-9]+/;

export interface TileName {
  /** `HH-03`; empty: the name has none. */
  readonly label: string;
  readonly name: string;
}

/** `HH-03 Ada` → `HH-03` and `Ada`, as Micboard reads names. */
export function splitName(reported: string): TileName {
  const text = reported.trim();
  const label = SHORT_ID.exec(text)?.[0] ?? '';
  return { label, name: text.slice(label.length).trim() };
}

/**
 * What a tile is called: what was given here, else what the receiver says. Given names stay when the receiver's
 * name changes.
 */
export function tileName(
  channel: Pick<RfChannelRow, 'givenId' | 'givenName'>,
  reported: string | null,
): TileName {
  const split = splitName(reported ?? '');
  return { label: channel.givenId ?? split.label, name: channel.givenName ?? split.name };
}

/** A given name and what the receiver says now differ from when it was given: shown beside each other. */
export function renamedAtReceiver(
  channel: Pick<RfChannelRow, 'givenId' | 'givenName' | 'reportedName'>,
  reported: string | null,
): boolean {
  const given = channel.givenId !== null || channel.givenName !== null;
  return (
    given && reported !== null && channel.reportedName !== null && reported !== channel.reportedName
  );
}

/** What a device is called everywhere. */
export function deviceName(
  record: Pick<DeviceRecord, 'givenName' | 'reportedName' | 'model' | 'externalId'>,
): string {
  return record.givenName ?? record.reportedName ?? record.model ?? record.externalId;
}
