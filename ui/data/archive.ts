import type { Problem } from '../../api/contract/rest.js';
import { ApiError } from './api.js';

/** Address of the whole project as one ZIP: media and metadata. */
export const archiveHref = (projectId: number): string => `/v1/projects/${projectId}/export`;

/**
 * Sends a file as a request's body and tells how far it is (0..1).
 * Rejects with an `ApiError`, or an `AbortError` when `signal` gives it up.
 */
export function sendFile<T>(options: {
  readonly method: 'POST' | 'PATCH';
  readonly path: string;
  readonly body: Blob;
  readonly headers?: Readonly<Record<string, string>>;
  readonly onprogress?: (share: number) => void;
  readonly signal?: AbortSignal | undefined;
}): Promise<{ readonly body: T | undefined; readonly headers: ReadonlyMap<string, string> }> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(options.method, options.path);
    for (const [name, value] of Object.entries(options.headers ?? {})) {
      request.setRequestHeader(name, value);
    }
    request.setRequestHeader('accept', 'application/json');
    request.upload.addEventListener('progress', (event) => {
      if (event.total > 0) options.onprogress?.(event.loaded / event.total);
    });
    request.addEventListener('load', () => {
      const read = parsed(request.responseText);
      if (request.status >= 200 && request.status < 300) {
        const headers = new Map(
          request
            .getAllResponseHeaders()
            .split('\r\n')
            .map((line): [string, string] => {
              const at = line.indexOf(': ');
              return [line.slice(0, at).toLowerCase(), line.slice(at + 2)];
            }),
        );
        resolve({ body: read as T | undefined, headers });
      } else reject(refusal(request.status, read as Partial<Problem> | undefined));
    });
    request.addEventListener('error', () => reject(refusal(0, undefined)));
    request.addEventListener('abort', () => reject(new DOMException('given up', 'AbortError')));
    options.signal?.addEventListener('abort', () => request.abort(), { once: true });
    request.send(options.body);
  });
}

function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusal(status: number, problem: Partial<Problem> | undefined): ApiError {
  if (status === 0) {
    return new ApiError({
      status: 0,
      code: 'unreachable',
      message: 'The connection broke while the file was sent.',
      remedy: 'Check the network, then try again.',
      retry: true,
    });
  }
  return new ApiError({
    status,
    code: problem?.code ?? `http.${status}`,
    message: problem?.detail ?? problem?.title ?? `The server answered ${status}.`,
    remedy:
      status >= 500
        ? 'Try again in a moment.'
        : 'Choose another file or change it, then try again.',
    retry: status >= 502 || status === 429,
    fields: problem?.errors ?? [],
  });
}
