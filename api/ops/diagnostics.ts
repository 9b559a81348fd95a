import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { ZipFile } from 'yazl';
import { EngineError } from '../../engine/errors.js';
import { withoutLogins } from '../../engine/without-logins.js';
import { Reply, type Route, route } from '../http/route.types.js';
import { withoutSecrets } from './audit.js';

export interface DiagnosticsOptions {
  readonly version: string;
  readonly nowUnixMs: () => number;
  /** Name of a part → what it says, as JSON or text. One that fails is in the bundle with its error. */
  readonly parts: Readonly<Record<string, () => unknown>>;
  readonly logFile: string;
}

/** Of the end of the log. */
const LOG_BYTES = 2_097_152;
const MAX_PART_CHARS = 16_000_000;

/** `GET /v1/diagnostics`: everything that helps to understand a fault, in one ZIP, without secrets. */
export function diagnosticsRoutes(options: DiagnosticsOptions): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/diagnostics',
      summary:
        'Health, figures, actors, configuration and the end of the log in one ZIP, without secrets',
      tag: 'site',
      access: 'admin',
      handler: async () => {
        const zip = new ZipFile();
        for (const [name, read] of Object.entries(options.parts)) {
          zip.addBuffer(await partOf(read), name);
        }
        zip.addBuffer(await tailOf(options.logFile), 'log.ndjson');
        zip.addBuffer(
          Buffer.from(
            `${JSON.stringify({
              version: options.version,
              madeAtUnixMs: options.nowUnixMs(),
              node: process.version,
              platform: `${process.platform} ${process.arch}`,
              uptimeS: Math.round(process.uptime()),
              memory: process.memoryUsage(),
            })}\n`,
          ),
          'about.json',
        );
        zip.end();
        const day = new Date(options.nowUnixMs()).toISOString().slice(0, 10);
        return new Reply({
          headers: {
            'content-type': 'application/zip',
            'content-disposition': `attachment; filename="earshot-diagnostics-${day}.zip"`,
            'cache-control': 'no-store',
          },
          stream: zip.outputStream as Readable,
        });
      },
    }),
  ];
}

async function partOf(read: () => unknown): Promise<Buffer> {
  try {
    const value = await read();
    if (typeof value === 'string')
      return Buffer.from(withoutLogins(value).slice(0, MAX_PART_CHARS));
    const text = JSON.stringify(withoutSecrets(value, { items: 10_000, depth: 8 }), null, 1);
    return Buffer.from(withoutLogins(text ?? 'null').slice(0, MAX_PART_CHARS));
  } catch (thrown) {
    return Buffer.from(`not to be had: ${EngineError.from(thrown).message}\n`);
  }
}

/** Whole lines of the end of the log. */
async function tailOf(path: string): Promise<Buffer> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const from = Math.max(0, size - LOG_BYTES);
      const bytes = Buffer.alloc(size - from);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
      const text = bytes.toString('utf8', 0, bytesRead);
      const whole = from === 0 ? text : text.slice(text.indexOf('\n') + 1);
      return Buffer.from(withoutKeys(withoutLogins(whole)));
    } finally {
      await file.close();
    }
  } catch (thrown) {
    return Buffer.from(`not to be had: ${EngineError.from(thrown).message}\n`);
  }
}

/** Tokens that an address or a header brought into a line. */
export function withoutKeys(text: string): string {
  return text
    .replaceAll(/\b(eard?_|wm_)[\w-]{6,}/g, '$1(secret)')
    .replaceAll(/([?&](?:token|key|secret|password|access_token)=)[^&\s"]+/gi, '$1(secret)')
    .replaceAll(/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, '(secret)');
}
