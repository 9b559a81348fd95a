import { openMountServer } from '../api/audio/mount-server.js';
import { StreamRouter } from '../api/audio/streams.js';
import { SILENT_LOG } from '../api/http/log.types.js';
import { SystemClock } from '../engine/clock.js';
import { MountTable } from '../media/mounts/mount.js';
import { PartsBuilder } from '../media/parts.js';
import { FRAME_BYTES } from './mount-reader.js';

// The serving side of the mounts bench: `mounts-server MOUNTS`. The built-in mount server with that many MP3 streams of
// 128 kbit/s, fed each 20 ms as a media thread does, through the router. Frames have a header and content of their own. Prints its port.

const mounts = Number(process.argv[2] ?? 50);
const FRAME_MS = 24;
const TICK_MS = 20;

const clock = new SystemClock();
const table = new MountTable(20_000);
const router = new StreamRouter();
router.reset('media-0');
for (let no = 0; no < mounts; no++) {
  const mount = table.add({
    path: `/stream${no}.mp3`,
    name: `Stream ${no}`,
    contentType: 'audio/mpeg',
    bitrateKbps: 128,
    startedUnixMs: clock.nowMs(),
  });
  router.addSession(`s${no}`, mount);
  const opened = { kind: 'opened', stream: no, sessionIds: [`s${no}`] } as const;
  const format = { contentType: 'audio/mpeg', header: new Uint8Array(0) };
  router.changed('media-0', [{ ...opened, ...format }], clock.monoMs());
}
const server = await openMountServer({
  host: '127.0.0.1',
  port: 0,
  table,
  clock,
  log: SILENT_LOG,
  trustedProxies: [],
  // All listeners are at one address.
  limits: { perAddressPerSecond: 0 },
  onListeners: () => undefined,
});

const frame = new Uint8Array(FRAME_BYTES);
frame.set([0xff, 0xfb, 0x94, 0x00]);
const view = new DataView(frame.buffer);
const parts = new PartsBuilder();
const startMonoMs = clock.monoMs();
let frames = 0;

function tick(): void {
  const due = Math.floor((clock.monoMs() - startMonoMs) / FRAME_MS);
  for (; frames < due; frames++) {
    for (let no = 0; no < mounts; no++) {
      view.setUint32(4, Math.imul(frames + 1, 0x9e37_79b1));
      view.setUint32(8, frames);
      view.setUint32(12, no);
      view.setUint32(16, Math.imul(frames, 0x85eb_ca6b) ^ no);
      parts.add(no, frame);
    }
  }
  const taken = parts.take();
  if (taken !== undefined) router.audio('media-0', taken, clock.monoMs());
}
setInterval(tick, TICK_MS);
process.stdout.write(`${server.port}\n`);
process.stdin.on('end', () => process.exit(0));
process.stdin.resume();
