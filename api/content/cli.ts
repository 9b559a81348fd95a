import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join, relative, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Command, InvalidArgumentError } from 'commander';
import { ZipFile } from 'yazl';
import { EngineError } from '../../engine/errors.js';
import type { ImportReport } from './archive/import.js';
import type { MassUploadReport } from './archive/mass-upload.js';
import type { CheckReport } from './checks.js';

interface Common {
  readonly url: string;
  readonly token?: string;
  readonly json?: boolean;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly type?: string;
  readonly body?: Readable | string;
}

/** Answers may take hours, so there is no time limit here; the server has its own. */
function call(
  { url, token }: Common,
  { method, path, type, body }: Call,
): Promise<IncomingMessage> {
  const target = new URL(path, url);
  const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(type === undefined ? {} : { 'content-type': type }),
  };
  return new Promise((resolve, reject) => {
    const sent = send(target, { method, headers }, resolve);
    sent.on('error', (cause: Error) => {
      reject(
        new EngineError('link.closed', `${target.origin} cannot be reached: ${cause.message}`, {
          cause,
        }),
      );
    });
    if (body === undefined || typeof body === 'string') sent.end(body);
    else pipeline(body, sent).catch(reject);
  });
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** @throws EngineError with what the server said. */
async function checked(answer: IncomingMessage): Promise<IncomingMessage> {
  const status = answer.statusCode ?? 0;
  if (status < 400) return answer;
  const text = await textOf(answer);
  const detail = /"detail":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? text.slice(0, 300);
  throw new EngineError('input.invalid', `the server refuses (${status}): ${detail}`);
}

async function ask<T>(common: Common, wish: Call): Promise<T> {
  return JSON.parse(await textOf(await checked(await call(common, wish)))) as T;
}

/** A folder as a ZIP, made while it is sent; links are not followed. */
async function zipFolder(folder: string): Promise<Readable> {
  const zip = new ZipFile();
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    for (const entry of await readdir(next, { withFileTypes: true })) {
      const path = join(next, entry.name);
      if (entry.isDirectory()) folders.push(path);
      const name = relative(folder, path).split(sep).join('/');
      if (entry.isFile()) zip.addFile(path, name, { compress: /\.(csv|geojson)$/i.test(name) });
    }
  }
  zip.end();
  return zip.outputStream as Readable;
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a whole number is needed');
}

function showUpload({ table, received, failed, rows, unused }: MassUploadReport): void {
  for (const { row, file, error } of rows) {
    if (error !== null) say(`failed  ${row === null ? '' : `row ${row}  `}${file}: ${error}`);
  }
  for (const name of unused) say(`unused  ${name}`);
  say(`${received} received, ${failed} failed${table === null ? ', no table' : `, by ${table}`}`);
}

function showCheck(report: CheckReport): void {
  for (const { kind, what, assetIds, repair, done } of report.findings) {
    const of = assetIds.length === 0 ? '' : ` (asset ${assetIds.slice(0, 5).join(', ')})`;
    const state =
      done === null ? `repair: ${repair}` : done ? `done: ${repair}` : `left: ${repair}`;
    say(`${kind}  ${what}${of}  ${state}`);
  }
  const { findings, mediaCount, fileCount, deep } = report;
  say(
    `${findings.length} findings in ${mediaCount} media and ${fileCount} files${deep ? '' : '; --deep decodes each'}`,
  );
}

const program = new Command('content')
  .description('Works on the content of a running Earshot')
  .option('--url <url>', 'where it runs', 'http://localhost:8080')
  .option('--token <token>', 'API token of an operator; or CONTENT_TOKEN in the environment')
  .option('--json', 'print the answer as JSON');

const common = (): Common => {
  const { token = process.env['CONTENT_TOKEN'], ...rest } = program.opts<Common>();
  return token === undefined ? rest : { ...rest, token };
};

function show<T>(report: T, print: (report: T) => void): void {
  if (common().json === true) say(JSON.stringify(report, null, 2));
  else print(report);
}

program
  .command('mass-upload <folder>')
  .description(
    'bring a folder of recordings with a CSV or GeoJSON of places and tags (or a ZIP of it)',
  )
  .requiredOption('--project <id>', 'project', wholeNumber)
  .action(async (folder: string, { project }: { project: number }) => {
    const body = (await stat(folder)).isDirectory()
      ? await zipFolder(folder)
      : createReadStream(folder);
    const report = await ask<MassUploadReport>(common(), {
      method: 'POST',
      path: `/v1/projects/${project}/mass-upload`,
      type: 'application/zip',
      body,
    });
    show(report, showUpload);
    if (report.failed > 0) process.exitCode = 2;
  });

program
  .command('check')
  .description('look for missing, unreadable and unused media, and say what a repair would do')
  .option('--repair', 'do it')
  .option('--deep', 'decode each, not only look for it')
  .action(async ({ repair, deep }: { repair?: boolean; deep?: boolean }) => {
    const report =
      repair === true
        ? await ask<CheckReport>(common(), {
            method: 'POST',
            path: '/v1/checks/repair',
            type: 'application/json',
            body: JSON.stringify({ deep: deep === true }),
          })
        : await ask<CheckReport>(common(), {
            method: 'GET',
            path: `/v1/checks?deep=${String(deep === true)}`,
          });
    show(report, showCheck);
    if (report.findings.some(({ done }) => done !== true)) process.exitCode = 2;
  });

program
  .command('export <file>')
  .description('write a whole project into one archive')
  .requiredOption('--project <id>', 'project', wholeNumber)
  .action(async (file: string, { project }: { project: number }) => {
    const path = `/v1/projects/${project}/export`;
    const answer = await checked(await call(common(), { method: 'GET', path }));
    await pipeline(answer, createWriteStream(file));
    const { size } = await stat(file);
    show({ file, bytes: size }, () => say(`${file}: ${size} bytes`));
  });

program
  .command('import <file>')
  .description('make a project of an archive')
  .action(async (file: string) => {
    const report = await ask<ImportReport>(common(), {
      method: 'POST',
      path: '/v1/projects/import',
      type: 'application/zip',
      body: createReadStream(file),
    });
    show(report, ({ projectId, name, mediaFiles, missing }) => {
      say(`project ${projectId} "${name}", ${mediaFiles} files, ${missing.length} missing`);
    });
  });

program.parseAsync().catch((thrown: unknown) => {
  process.stderr.write(`content: ${EngineError.from(thrown).message}\n`);
  process.exit(1);
});
