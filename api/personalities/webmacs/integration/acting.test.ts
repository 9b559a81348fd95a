import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Receiver, startReceiver } from '../../../notify/testing/site.js';
import { covers } from '../testing/contract.js';
import { Remote } from '../testing/remote.js';

const SECRET = 'secret of the receiver';
const PATIENCE = { timeout: 40_000, interval: 100 };
type Body = Readonly<Record<string, unknown>>;

describe('what WebMACS does by itself, on a whole server', () => {
  let remote: Remote;
  let receiver: Receiver;
  let events: ReadonlyMap<string, string>;
  const data = mkdtempSync(join(tmpdir(), 'earshot-acting-'));
  const idOf = (channel: string): string => events.get(channel) ?? '';
  const bodies = (type: string): readonly Body[] =>
    receiver.heard
      .map(({ body }) => JSON.parse(body) as Body)
      .filter((body) => body['type'] === type);

  beforeAll(async () => {
    receiver = await startReceiver();
    writeFileSync(join(data, 'earshot.yaml'), 'webhooks: { allowPrivate: true }\n');
    remote = await Remote.start({ data });
    events = await remote.simulated('Plant');
    await remote.call('POST', '/webhooks', {
      url: receiver.url,
      secret: SECRET,
      events: [
        'sensor.threshold_exceeded',
        'sensor.reading',
        'experiment.started',
        'experiment.stopped',
      ],
    });
  }, 120_000);
  afterAll(async () => {
    await remote.server.stop();
    await receiver.stop();
    rmSync(data, { recursive: true, force: true });
  });

  const rule = async (fields: Body): Promise<string> => {
    const made = await remote.call('POST', '/rules', {
      threshold: 90,
      action_type: 'webhook',
      webhook_event_type: 'sensor.threshold_exceeded',
      cooldown_seconds: 1,
      ...fields,
    });
    return String(made['public_id']);
  };
  /** Sends values until something came of them: a new rule is heard of by its thread a little later. */
  const until = async (values: Readonly<Record<string, number>>, holds: () => boolean) => {
    await expect
      .poll(async () => {
        await remote.measure(values);
        return holds();
      }, PATIENCE)
      .toBe(true);
  };

  it('a rule tells a webhook, field by field and signed, and again at each cooldown while it holds', async () => {
    const id = await rule({
      name: 'Too hot',
      event_public_id: idOf('temp_reactor'),
      operator: 'gt',
    });
    const mine = () => bodies('sensor.threshold_exceeded').filter((b) => b['rule'] === 'Too hot');
    await until({ [idOf('temp_reactor')]: 95.5 }, () => mine().length >= 3);
    const [first] = mine();
    expect(first).toEqual({
      type: 'sensor.threshold_exceeded',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      sensor: 'Plant – Temperature Reactor',
      value: 95.5,
      rule: 'Too hot',
      operator: 'gt',
      threshold: 90,
    });
    const times = mine().map((body) => Date.parse(String(body['time'])));
    for (const [i, at] of times.slice(1).entries()) {
      expect(at - (times[i] ?? 0)).toBeGreaterThanOrEqual(990);
    }
    const heard = receiver.heard.find(({ body }) => body.includes('"Too hot"'));
    const timestamp = String(heard?.headers['x-webhook-timestamp']);
    expect(timestamp).toMatch(/^\d{10}$/);
    expect(heard?.headers['x-webhook-signature']).toBe(
      createHmac('sha256', SECRET).update(`${timestamp}.${heard?.body}`).digest('hex'),
    );
    expect(heard?.headers['content-type']).toBe('application/json');
    const shown = await remote.call('GET', `/rules/${id}`);
    expect(Date.parse(String(shown['last_triggered_at']))).toBeGreaterThanOrEqual(times[0] ?? 0);
    covers('GET /rules/{id}', 'last_triggered_at');
    covers('webhooks', '=type, time, sensor, value, rule, operator, threshold');
    covers('webhooks', '=X-Webhook-Timestamp and X-Webhook-Signature');
    covers('webhooks', '=a rule tells again at each cooldown while it holds');
  });

  it('between and eq hold as they should, and an action log is a line of the log', async () => {
    await rule({
      name: 'In between',
      event_public_id: idOf('humidity'),
      operator: 'between',
      threshold: 40,
      threshold_high: 60,
    });
    await rule({
      name: 'Exactly',
      event_public_id: idOf('volume_flow'),
      operator: 'eq',
      threshold: 12.5,
      action_type: 'log',
    });
    const outside = { [idOf('humidity')]: 61, [idOf('volume_flow')]: 12.6 };
    for (let i = 0; i < 3; i++) await remote.measure(outside);
    const told = () =>
      bodies('sensor.threshold_exceeded').filter((b) => b['rule'] === 'In between');
    const inside = { [idOf('humidity')]: 60, [idOf('volume_flow')]: 12.5 };
    await until(inside, () => told().length > 0);
    expect(told()[0]).toMatchObject({
      sensor: 'Plant – Humidity',
      value: 60,
      operator: 'between',
      threshold: 40,
    });
    await expect
      .poll(async () => {
        await remote.measure(inside);
        const lines = await remote.list('/logging/?page=1&page_size=50&_t=1');
        return lines.find(({ content }) => String(content).includes('"Exactly"'));
      }, PATIENCE)
      .toMatchObject({
        content: expect.stringContaining('12.5') as string,
        logging_type: 'warning',
        status_type: 'unread',
      });
    covers('POST /rules', '=an action log writes the journal');
  });

  it('a recording that starts and stops is told, and readings of a sensor at most every five seconds', async () => {
    const made = await remote.call('POST', '/experiments', { name: 'Run 1' });
    await expect
      .poll(() => bodies('experiment.started')[0], PATIENCE)
      .toMatchObject({
        type: 'experiment.started',
        experiment: 'Run 1',
      });
    const from = bodies('sensor.reading').length;
    const reading = () =>
      bodies('sensor.reading')
        .slice(from)
        .filter(({ sensor }) => sensor === 'Plant – Pressure Chamber');
    let sent = 0;
    await until({ [idOf('pressure_chamber')]: 3 }, () => {
      sent += 1;
      return reading().length >= 2;
    });
    expect(sent).toBeGreaterThan(4);
    const [first, second] = reading();
    expect(first).toMatchObject({ value: 3, experiment: expect.anything() as unknown });
    const apartMs = Date.parse(String(second?.['time'])) - Date.parse(String(first?.['time']));
    expect(apartMs).toBeGreaterThanOrEqual(4_900);
    await remote.call('PUT', `/experiments/${String(made['public_id'])}/stop`);
    await expect
      .poll(() => bodies('experiment.stopped')[0], PATIENCE)
      .toMatchObject({
        experiment: 'Run 1',
      });
    covers('webhooks', '=experiment.started and experiment.stopped');
    covers('webhooks', '=sensor.reading, one in 5 s of each sensor');
  });
}, 150_000);
