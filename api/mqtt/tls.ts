import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { EngineError } from '../../engine/errors.js';
import type { MqttConfiguration } from './config.js';

/** Certificate and key as PEM. */
export interface BrokerTls {
  readonly cert: string;
  readonly key: string;
}

/**
 * Reads what the broker proves itself by; undefined: it speaks in clear.
 * @throws EngineError `input.invalid` naming the setting whose file is missing or of no use
 */
export async function readBrokerTls({
  certFile,
  keyFile,
}: MqttConfiguration['broker']['tls']): Promise<BrokerTls | undefined> {
  if (certFile === undefined && keyFile === undefined) return undefined;
  const cert = await textOf('certFile', 'EARSHOT_MQTT_TLS_CERT', certFile);
  const key = await textOf('keyFile', 'EARSHOT_MQTT_TLS_KEY', keyFile);
  use('certFile', 'a certificate, or a chain of them, as PEM', () => createSecureContext({ cert }));
  use('keyFile', 'a key as PEM without a password', () => createSecureContext({ key }));
  use('keyFile', 'the key of the certificate in certFile', () =>
    createSecureContext({ cert, key }),
  );
  return { cert, key };
}

type Field = 'certFile' | 'keyFile';

const wrong = (field: Field, message: string, cause?: unknown): EngineError =>
  new EngineError('input.invalid', `mqtt.broker.tls.${field}: ${message}`, {
    cause,
    context: { field: `mqtt.broker.tls.${field}` },
  });

async function textOf(field: Field, variable: string, path: string | undefined): Promise<string> {
  if (path === undefined) {
    throw wrong(field, `the broker's TLS needs both files: name this one too (${variable})`);
  }
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw wrong(field, `${path} cannot be read (${why}): give the path of a PEM file`, cause);
  }
}

function use(field: Field, what: string, work: () => unknown): void {
  try {
    work();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw wrong(field, `the file is not ${what} (${why})`, cause);
  }
}
