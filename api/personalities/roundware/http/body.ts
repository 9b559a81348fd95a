import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import busboy from 'busboy';
import { EngineError } from '../../../../engine/errors.js';
import { parseJson } from '../../../http/json.js';
import { isRecord } from './codecs.js';
import { bad, Refusal } from './refusal.js';

/** A file of a form, on disk. Whoever takes it says so; others are removed after the answer. */
export interface FormFile {
  readonly field: string;
  readonly filename: string;
  readonly contentType: string;
  readonly path: string;
}

export interface Form {
  /** JSON values, or texts and lists of texts. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly files: readonly FormFile[];
}

/** Where files of forms go until somebody takes them. */
export interface FileDrop {
  /** Of one file. */
  readonly maxBytes: number;
  /** Writes to a new file. @throws EngineError `input.too-large`, `spool.full`; nothing is left then. */
  save(bytes: AsyncIterable<Uint8Array>): Promise<string>;
}

/** Puts the bytes of one file of a form on disk. @returns its path. @throws as `FileDrop.save`, `rate.limited`. */
export type TakeFile = (bytes: AsyncIterable<Uint8Array>) => Promise<string>;

const EMPTY: Form = { fields: {}, files: [] };
/** Of JSON and of the fields of a form; a shape of 50,000 points fits. */
const MAX_TEXT_BYTES = 4 * 1024 * 1024;
const MAX_FIELDS = 200;
const MAX_FILES = 4;

/**
 * Reads a body of any type the API takes. `takeFile` undefined: files are refused before a byte of them is kept.
 * @throws Refusal 400, 413 or 415, and what `takeFile` throws.
 */
export async function readForm(
  contentType: string | undefined,
  body: AsyncIterable<Uint8Array>,
  takeFile: TakeFile | undefined,
): Promise<Form> {
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (type === 'multipart/form-data') return await readMultipart(contentType ?? '', body, takeFile);
  const bytes = await gather(body);
  if (bytes.length === 0) return EMPTY;
  if (type === 'application/x-www-form-urlencoded') {
    return { fields: fieldsOf(new URLSearchParams(bytes.toString('utf8'))), files: [] };
  }
  // A page that forgets to name the type sends JSON all the same.
  const nameless = type === '' || type === 'text/plain';
  if (!/^application\/([\w.+-]+\+)?json$/.test(type) && !(nameless && bytes[0] === 0x7b)) {
    throw new Refusal(415, {
      detail: `Unsupported media type "${type.slice(0, 100)}" in request.`,
    });
  }
  return { fields: jsonFields(bytes), files: [] };
}

function jsonFields(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = parseJson(bytes);
  } catch (thrown) {
    throw bad(`JSON parse error: ${EngineError.from(thrown).message}`);
  }
  if (!isRecord(value)) {
    throw new Refusal(400, { non_field_errors: ['The body must be a JSON object.'] });
  }
  return value;
}

function fieldsOf(pairs: Iterable<readonly [string, string]>): Record<string, unknown> {
  const out = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of pairs) {
    // jQuery marks lists: tag_ids[]=3&tag_ids[]=4
    const key = name.endsWith('[]') ? name.slice(0, -2) : name;
    const before = out[key];
    if (before === undefined) out[key] = value;
    else if (Array.isArray(before)) (before as unknown[]).push(value);
    else out[key] = [before, value];
  }
  return out;
}

async function gather(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_TEXT_BYTES) throw tooLarge(MAX_TEXT_BYTES);
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks);
}

async function readMultipart(
  contentType: string,
  body: AsyncIterable<Uint8Array>,
  takeFile: TakeFile | undefined,
): Promise<Form> {
  const pairs: [string, string][] = [];
  const writes: Promise<FormFile>[] = [];
  let textBytes = 0;
  let over: Refusal | undefined;
  let parser: busboy.Busboy;
  try {
    parser = busboy({
      headers: { 'content-type': contentType },
      defParamCharset: 'utf8',
      limits: { fields: MAX_FIELDS, fieldSize: MAX_TEXT_BYTES, files: MAX_FILES },
    });
  } catch {
    throw bad('Multipart form parse error: the boundary is missing.');
  }
  parser.on('field', (name, value, info) => {
    textBytes += value.length;
    if (info.valueTruncated || textBytes > MAX_TEXT_BYTES) {
      parser.destroy(tooLarge(MAX_TEXT_BYTES));
      return;
    }
    pairs.push([name, value]);
  });
  parser.on('fieldsLimit', () => {
    over = bad(`A form may have at most ${MAX_FIELDS} fields.`);
  });
  parser.on('filesLimit', () => {
    over = bad(`A form may have at most ${MAX_FILES} files.`);
  });
  parser.on('file', (field, stream, info) => {
    // A parser that is ended ends its files with an error: whoever reads them, and the pipeline, are told.
    stream.on('error', () => undefined);
    if (takeFile === undefined) {
      parser.destroy(bad(`${field.slice(0, 100)}: this call takes no files.`));
      return;
    }
    const written = takeFile(stream as AsyncIterable<Uint8Array>).then((path) => ({
      field,
      filename: info.filename ?? '',
      contentType: info.mimeType,
      path,
    }));
    written.catch((thrown: unknown) => parser.destroy(EngineError.from(thrown)));
    writes.push(written);
  });
  try {
    await pipeline(Readable.from(body), parser);
    const files = await Promise.all(writes);
    if (over !== undefined) throw over;
    return { fields: fieldsOf(pairs), files };
  } catch (thrown) {
    let why: unknown = thrown;
    for (const write of await Promise.allSettled(writes)) {
      if (write.status === 'fulfilled') await removeFiles([write.value]);
      // What ended the file first ended the parser too.
      else if (isOurs(write.reason)) why = write.reason;
    }
    if (why instanceof Refusal || isOurs(why)) throw why;
    throw bad(`Multipart form parse error: ${EngineError.from(why).message}`);
  }
}

/** Removes what nobody took; what was taken is gone already. */
export async function removeFiles(files: readonly FormFile[]): Promise<void> {
  for (const { path } of files) await rm(path, { force: true });
}

/** A disk that refuses, or a bound of ours, is not a broken form. */
const isOurs = (thrown: unknown): boolean =>
  thrown instanceof EngineError || (thrown instanceof Error && 'syscall' in thrown);

const tooLarge = (maxBytes: number): Refusal =>
  new Refusal(413, { detail: `The request may have at most ${maxBytes} bytes.` });
