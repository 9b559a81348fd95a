const NAMES =
  'c.name AS name, c.device AS device, c.device_name AS device_name, c.parameter AS parameter';
const JOIN = 'ANY LEFT JOIN earshot_channels AS c ON s.channel = c.channel';

const buckets = (view: string, table: string) => `CREATE OR REPLACE VIEW ${view} AS
  SELECT s.at AS at, s.channel AS channel, ${NAMES}, c.unit AS unit, s.minimum AS minimum,
    s.maximum AS maximum, s.average AS average, s.total AS total, s.points AS points, s.last AS last
  FROM (SELECT channel, at, min(b.minimum) AS minimum, max(b.maximum) AS maximum,
      sum(b.total) / sum(b.points) AS average, sum(b.total) AS total, sum(b.points) AS points,
      argMaxMerge(b.lastValue) AS last
    FROM ${table} AS b GROUP BY channel, at) AS s ${JOIN}`;

/**
 * What people and Grafana read by SQL, with names beside numbers (`docs/sql.md`). Their columns are a promise: more may
 * be added, none goes.
 */
export const SQL_VIEWS: readonly string[] = [
  `CREATE OR REPLACE VIEW earshot_channels AS
    SELECT channel, concat(device, '/', parameter) AS name, device, device_name, parameter, unit, kind,
      removed = 1 AS removed FROM channel_names FINAL`,
  `CREATE OR REPLACE VIEW earshot_samples AS
    SELECT s.at AS at, s.channel AS channel, ${NAMES}, c.unit AS unit, s.value AS value
    FROM (SELECT channel, at, value FROM samples FINAL) AS s ${JOIN}`,
  `CREATE OR REPLACE VIEW earshot_texts AS
    SELECT s.at AS at, s.channel AS channel, ${NAMES}, s.value AS value
    FROM (SELECT channel, at, value FROM samples_text FINAL) AS s ${JOIN}`,
  buckets('earshot_minutes', 'samples_1m'),
  buckets('earshot_hours', 'samples_1h'),
  buckets('earshot_days', 'samples_1d'),
  `CREATE OR REPLACE VIEW earshot_events AS SELECT at, kind, subject, detail FROM events FINAL`,
  `CREATE OR REPLACE VIEW earshot_alarms AS
    SELECT at, substring(kind, 7) AS change, subject AS alarm,
      JSONExtractString(detail, 'severity') AS severity, JSONExtractString(detail, 'ruleName') AS rule,
      JSONExtractString(detail, 'source') AS source, JSONExtractString(detail, 'deviceId') AS device,
      JSONExtractString(detail, 'text') AS text, JSONExtractString(detail, 'by') AS by, detail
    FROM events FINAL WHERE startsWith(kind, 'alarm.')`,
  `CREATE OR REPLACE VIEW earshot_listening AS
    SELECT at, kind, project, session, asset, latitude, longitude, durationS AS duration_s FROM listening`,
];
