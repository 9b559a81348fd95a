import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { entryUrl } from '../../engine/entry.js';

const PROGRAM = fileURLToPath(entryUrl('actors/emulate/main'));

type Line = Readonly<Record<string, unknown>>;

function run(...args: readonly string[]) {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  const lines: Line[] = [];
  let errors = '';
  createInterface({ input: child.stdout }).on('line', (line) =>
    lines.push(JSON.parse(line) as Line),
  );
  child.stderr.on('data', (chunk) => {
    errors += String(chunk);
  });
  return { child, lines, errors: () => errors };
}

/** What a device says to some commands, until it has said `wanted`. */
async function ask(port: number, commands: string, wanted: RegExp): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  await once(socket, 'connect');
  socket.write(commands);
  await expect.poll(() => text).toMatch(wanted);
  socket.destroy();
  return text;
}

describe('the emulator', () => {
  let running: ReturnType<typeof run> | undefined;
  afterEach(() => {
    running?.child.kill('SIGTERM');
    running = undefined;
  });

  const ready = async (...args: readonly string[]) => {
    const started = run('shure-text', ...args);
    running = started;
    await expect.poll(() => started.lines.length).toBe(1);
    const devices = started.lines[0]?.['devices'] as {
      port: number;
      model: string;
      serial: string;
    }[];
    return { ...started, devices };
  };

  it('answers as the documents say', async () => {
    const { devices } = await ready('--devices', '2', '--set', 'models=ULXD4D,AD4Q');
    const dual = await ask(
      devices[0]?.port ?? 0,
      '< GET 0 ALL >< SET 2 METER_RATE 00100 >',
      /SAMPLE.*SAMPLE/,
    );
    expect(dual).toMatch(/< REP 1 CHAN_NAME \{.{8}\} >/);
    expect(dual).toMatch(/< REP 2 BATT_BARS 00[0-5] >/);
    expect(dual).toMatch(/< REP 2 METER_RATE 00100 >/);
    expect(dual).toMatch(/< SAMPLE 2 ALL (AX|XB|XX) [01]\d\d 0[0-5]\d >/);
    const quad = await ask(
      devices[1]?.port ?? 0,
      '< GET MODEL >< SET 4 CHAN_NAME {A > B} >< SET 4 AUDIO_GAIN 99 >',
      /ERR/,
    );
    expect(quad).toMatch(/< REP MODEL \{AD4Q {28}\} >/);
    expect(quad).toMatch(/< REP 4 CHAN_NAME \{A > B {26}\} >< REP ERR >/);
  });

  it('has the same devices for the same seed, others for another', async () => {
    const serials: string[][] = [];
    for (const seed of ['7', '7', '8']) {
      const { devices, child } = await ready('--devices', '3', '--seed', seed);
      serials.push(devices.map((device) => device.serial));
      child.kill('SIGTERM');
    }
    expect(serials[0]).toEqual(serials[1]);
    expect(serials[0]).not.toEqual(serials[2]);
  });

  it('answers each line of its standard input, also a wrong one', async () => {
    const { child, lines } = await ready('--devices', '1');
    for (const line of [
      '{"fault":"nonsense"}',
      'no json',
      '{"fault":"lie","devices":[5]}',
      '{"stats":true}',
      '{"radio":{"battery":120}}',
      '{"radio":{"volume":1}}',
      '{"radio":{"channel":2,"battery":15,"speed":0}}',
    ]) {
      child.stdin.write(`${line}\n`);
    }
    await expect.poll(() => lines.length).toBe(8);
    expect(lines.slice(1).map((line) => line['ok'])).toEqual([
      ...[false, false, false, true],
      ...[false, false, true],
    ]);
    expect(String(lines[5]?.['error'])).toContain('radio.battery: 0 to 100');
    expect(String(lines[6]?.['error'])).toContain('radio.volume: channel, battery');
    expect(String(lines[1]?.['error'])).toContain('cut, refuse');
  });

  it('strikes by itself when it is told which faults', async () => {
    const { devices, child, lines } = await ready(
      '--devices',
      '1',
      '--faults',
      'cut',
      '--fault-every',
      '1',
    );
    const socket = connect(devices[0]?.port ?? 0, '127.0.0.1');
    await once(socket, 'connect');
    socket.write('< SET 0 METER_RATE 00100 >');
    socket.resume();
    await once(socket, 'close');
    await expect
      .poll(() => {
        child.stdin.write('{"stats":true}\n');
        return lines.at(-1)?.['connections'];
      })
      .toBe(0);
  });

  it.each([
    ['shure-text', '--faults', 'flood'],
    ['shure-text', '--set', 'colour=red'],
    ['shure-text', '--set', 'models=NOTHING'],
    ['shure-text', '--devices', '0'],
    ['no-such-kind'],
  ])('ends with what is wrong: %s %s %s', async (...args) => {
    const started = run(...args.filter((arg) => arg !== undefined));
    const [code] = (await once(started.child, 'exit')) as [number];
    expect(code).toBe(1);
    expect(started.errors()).not.toBe('');
    expect(started.errors()).not.toContain('    at ');
  });
});
