import busboy from 'busboy';
import { EngineError } from '../../engine/errors.js';

export interface MultipartLimits {
  /** Default 100. */
  readonly maxFields?: number;
  /** Of one field's value. Default 64 KiB. */
  readonly maxFieldBytes?: number;
  /** Default 1. */
  readonly maxFiles?: number;
}

export interface FilePart {
  readonly field: string;
  /** As declared; a browser's recording comes as `blob`. */
  readonly filename: string;
  readonly contentType: string;
}

/**
 * Reads a form as it arrives, also an urlencoded one. `onFile` gets each file with the fields that came before it and
 * must read it to its end or throw; nothing is held whole.
 * @returns all fields; of a repeated one the last, and for `name[]` all, joined by commas.
 * @throws EngineError `input.invalid` for a broken form, `input.unsupported` for another content type, and what
 * `onFile` or the body throws.
 */
export async function readMultipart(
  body: AsyncIterable<Uint8Array>,
  contentType: string | undefined,
  onFile: (
    part: FilePart,
    bytes: AsyncIterable<Uint8Array>,
    fields: ReadonlyMap<string, string>,
  ) => Promise<void>,
  limits: MultipartLimits = {},
): Promise<ReadonlyMap<string, string>> {
  const { maxFields = 100, maxFieldBytes = 65_536, maxFiles = 1 } = limits;
  const fields = new Map<string, string>();
  const files: Promise<void>[] = [];
  let failed: Error | undefined;
  const fail = (error: unknown): void => {
    failed ??= EngineError.from(error);
  };
  const parser = open(contentType, {
    fields: maxFields,
    fieldSize: maxFieldBytes,
    files: maxFiles,
    parts: maxFields + maxFiles,
    fieldNameSize: 200,
    headerPairs: 50,
  });
  parser.on('field', (name, value, { valueTruncated }) => {
    if (valueTruncated) fail(broken(`${name}: longer than ${maxFieldBytes} bytes`));
    const list = name.endsWith('[]');
    const key = list ? name.slice(0, -2) : name;
    const before = list ? fields.get(key) : undefined;
    fields.set(key, before === undefined ? value : `${before},${value}`);
  });
  parser.on('file', (field, stream, { filename, mimeType }) => {
    // busboy gives no name at all for `filename=""`.
    const given: string | undefined = filename;
    // A file that is refused before it is read ends with the form, and nobody listens then.
    stream.on('error', () => undefined);
    const part = { field, filename: given ?? '', contentType: mimeType };
    const reading = onFile(part, stream, fields).catch((error: unknown) => {
      fail(error);
      stream.resume();
    });
    files.push(reading);
  });
  parser.on('fieldsLimit', () => fail(broken(`more than ${maxFields} fields`)));
  parser.on('filesLimit', () => fail(broken(`more than ${maxFiles} files`)));
  parser.on('partsLimit', () => fail(broken('too many parts')));
  const parsed = new Promise<void>((resolve, reject) => {
    parser.on('close', resolve);
    parser.on('error', (error: unknown) => {
      reject(broken(error instanceof Error ? error.message : String(error)));
    });
  });
  parsed.catch(fail);
  try {
    for await (const chunk of body) {
      if (failed !== undefined) throw failed;
      if (!parser.write(chunk)) {
        await Promise.race([new Promise((resolve) => parser.once('drain', resolve)), parsed]);
      }
    }
    parser.end();
    await parsed;
  } catch (error) {
    parser.destroy(error instanceof Error ? error : new Error(String(error)));
    await Promise.allSettled(files);
    throw failed ?? error;
  }
  await Promise.all(files);
  if (failed !== undefined) throw failed;
  return fields;
}

function open(contentType: string | undefined, limits: busboy.Limits): busboy.Busboy {
  try {
    return busboy({
      headers: { 'content-type': contentType ?? '' },
      limits,
      defParamCharset: 'utf8',
    });
  } catch (cause) {
    throw new EngineError(
      'input.unsupported',
      `the body must be multipart/form-data, not ${(contentType ?? 'nothing').slice(0, 100)}`,
      { cause },
    );
  }
}

const broken = (why: string) => new EngineError('input.invalid', `the form is broken: ${why}`);
