import type { z } from 'zod';
import { EngineError } from '../../engine/errors.js';
import type { Problem } from '../contract/rest.js';
import { innerFaults } from './union-faults.js';

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Login required',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  413: 'Too large',
  415: 'Unsupported content type',
  422: 'Not processable',
  429: 'Too many requests',
  500: 'Internal error',
  502: 'Bad answer from a device or server',
  503: 'Not available now',
  504: 'Time limit passed',
  507: 'Storage full',
};

/** What is wrong with one field of a request; `field` starts with `body.`, `query.` or `params.`. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** Fields of a request that cannot be taken; the answer names each in `errors`. */
export class InvalidRequest extends EngineError {
  readonly fields: readonly FieldError[];

  constructor(fields: readonly FieldError[]) {
    const first = fields[0];
    super(
      'input.invalid',
      first === undefined ? 'the request is invalid' : `${first.field}: ${first.message}`,
    );
    this.fields = fields;
  }
}

/** RFC 9457 body of an error. An `internal` error keeps its text to the log: its message may hold secrets. */
export function toProblem(error: EngineError, requestId: string): Problem {
  const status = error.httpStatus;
  const hidden = error.code === 'internal';
  return {
    type: `urn:earshot:problem:${error.code}`,
    title: TITLES[status] ?? 'Error',
    status,
    detail: hidden
      ? `something went wrong here; the log has it under request ${requestId}`
      : error.message,
    code: error.code,
    requestId,
    ...(error instanceof InvalidRequest ? { errors: [...error.fields] } : {}),
  };
}

/** Checks one part of a request. @throws InvalidRequest naming every wrong field. */
export function check(
  schema: z.ZodType,
  value: unknown,
  part: 'params' | 'query' | 'body',
): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new InvalidRequest(
    innerFaults(result.error.issues, value)
      .slice(0, 20)
      .map(({ path, message }) => ({ field: [part, ...path.map(String)].join('.'), message })),
  );
}
