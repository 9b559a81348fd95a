/** Files of a backup: a ZIP. `{table}.tsv` are rows as ClickHouse writes them, states of roll-ups too. */
export const MANIFEST = 'backup.json';
export const CONTROL_FILE = 'control.db';
export const KEY_FILE = 'secret.key';
export const MEDIA_PREFIX = 'media/';
export const SERIES_PREFIX = 'series/';
export const BACKUP_FORMAT = 'earshot-backup';
export const BACKUP_VERSION = 1;

/** Everything the series store keeps; roll-ups as they are, because they outlive the samples they were made of. */
export const SERIES_TABLES = [
  'samples',
  'samples_text',
  'text_latest',
  'events',
  'listening',
  'samples_1m',
  'samples_1h',
  'samples_1d',
] as const;

/** Views that would fill roll-ups a second time while rows are put back. */
export const SERIES_VIEWS = [
  'samples_to_feed',
  'feed_to_1m',
  'feed_to_1h',
  'feed_to_1d',
  'text_to_latest',
] as const;
