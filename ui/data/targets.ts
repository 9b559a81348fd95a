import type { AnswerOf } from '../../api/client/calls.types.js';
import { call } from './api.js';
import type { FieldSpec } from './form-spec.js';
import type { RowOfTable } from './table-row.types.js';

export type Target = RowOfTable<'targets'>;
export type TargetKind = Target['kind'];

export const TARGET_KINDS: readonly { readonly value: TargetKind; readonly word: string }[] = [
  { value: 'webhook', word: 'Webhook' },
  { value: 'email', word: 'E-mail' },
  { value: 'chat', word: 'Chat' },
  { value: 'mqtt', word: 'MQTT' },
  { value: 'syslog', word: 'Log server (syslog)' },
];

/** Fields of all kinds in one form; those of the chosen kind are shown. Secrets are what was typed just now. */
export interface TargetForm {
  readonly name: string;
  readonly kind: TargetKind;
  readonly enabled: boolean;
  readonly events: readonly string[];
  readonly url: string;
  readonly to: readonly string[];
  readonly channel: string;
  readonly topic: string;
  readonly user: string;
  readonly host: string;
  readonly port: number;
  readonly protocol: string;
  readonly allowPrivate: boolean;
  readonly attempts: number;
  readonly secretKey: string;
  readonly secretUrl: string;
  readonly secretPassword: string;
}

export const BLANK_TARGET: TargetForm = {
  name: '',
  kind: 'webhook',
  enabled: true,
  events: [],
  url: '',
  to: [],
  channel: '',
  topic: '',
  user: '',
  host: '',
  port: 514,
  protocol: 'udp',
  allowPrivate: false,
  attempts: 3,
  secretKey: '',
  secretUrl: '',
  secretPassword: '',
};

type Key = keyof TargetForm;
/** Of `config` by kind; empty texts are left out. */
const CONFIG_KEYS: Readonly<Record<TargetKind, readonly Key[]>> = {
  webhook: ['url', 'allowPrivate', 'attempts'],
  email: ['to', 'attempts'],
  chat: ['channel', 'allowPrivate', 'attempts'],
  mqtt: ['url', 'user', 'topic', 'allowPrivate', 'attempts'],
  syslog: ['host', 'port', 'protocol', 'allowPrivate', 'attempts'],
};
const SECRETS: Readonly<Partial<Record<TargetKind, { readonly form: Key; readonly key: string }>>> =
  {
    webhook: { form: 'secretKey', key: 'key' },
    chat: { form: 'secretUrl', key: 'url' },
    mqtt: { form: 'secretPassword', key: 'password' },
  };

export function targetForm(target: Target): TargetForm {
  const config = Object.fromEntries(
    CONFIG_KEYS[target.kind].flatMap((key) =>
      target.config[key] === undefined ? [] : [[key, target.config[key]]],
    ),
  );
  const { name, kind, enabled, events } = target;
  return { ...BLANK_TARGET, ...config, name, kind, enabled, events };
}

/** What is sent. Parts of `config` that the form does not know stay as they are; an empty secret keeps the old one. */
export function targetBody(form: TargetForm, before: Target | undefined): object {
  const config: Record<string, unknown> = { ...before?.config };
  for (const key of CONFIG_KEYS[form.kind]) {
    const value = form[key];
    if (value === '') delete config[key];
    else config[key] = value;
  }
  const secret = SECRETS[form.kind];
  const typed = secret === undefined ? '' : form[secret.form];
  return {
    name: form.name.trim(),
    enabled: form.enabled,
    events: form.events,
    config,
    ...(before === undefined ? { kind: form.kind } : {}),
    ...(secret !== undefined && typed !== '' ? { secret: { [secret.key]: typed } } : {}),
  };
}

/** What stands in the way of saving, by field. */
export function targetFaults(
  form: TargetForm,
  before: Target | undefined,
): Readonly<Record<string, string>> {
  const faults: Record<string, string> = {};
  if (form.kind === 'webhook' && !/^https?:\/\/\S+$/.test(form.url))
    faults['url'] = 'Type an address that begins with https:// or http://.';
  if (form.kind === 'email' && form.to.length === 0)
    faults['to'] = 'Type at least one address, one a line.';
  if (form.kind === 'mqtt' && form.topic.trim() === '') faults['topic'] = 'Type a topic.';
  if (form.kind === 'syslog' && form.host.trim() === '')
    faults['host'] = 'Type the name or address of the log server.';
  if (form.kind === 'chat' && form.secretUrl === '' && !before?.secrets.includes('url'))
    faults['secretUrl'] = 'Paste the address that the chat gave you for incoming messages.';
  return faults;
}

export function targetFields(
  form: TargetForm,
  before: Target | undefined,
): readonly FieldSpec<TargetForm>[] {
  const set = (key: string): string =>
    before?.secrets.includes(key) ? 'It is set and never shown. Type a new one to replace it.' : '';
  const attempts = { key: 'attempts', kind: 'number', label: 'Tries', min: 1, max: 20 } as const;
  const inside = {
    key: 'allowPrivate',
    kind: 'toggle',
    label: 'May be inside of this network',
    hint: 'Else private and loopback addresses are not called.',
  } as const;
  const kinds: Readonly<Record<TargetKind, readonly FieldSpec<TargetForm>[]>> = {
    webhook: [
      { key: 'url', kind: 'text', label: 'Address', maxLength: 2_000 },
      {
        key: 'secretKey',
        kind: 'text',
        label: 'Key that signs the calls',
        maxLength: 1_000,
        hint: set('key') || 'May stay empty: then calls are not signed.',
      },
      {
        key: 'events',
        kind: 'lines',
        label: 'Events it listens to',
        most: 50,
        placeholder: 'sensor.threshold_exceeded',
        hint: 'One a line. None: only what rules and routes send to it.',
      },
      inside,
    ],
    email: [{ key: 'to', kind: 'lines', label: 'Addresses', most: 50, hint: 'One a line.' }],
    chat: [
      {
        key: 'secretUrl',
        kind: 'text',
        label: 'Address for incoming messages',
        maxLength: 2_000,
        hint: set('url') || 'A secret: who knows it can write into the chat.',
      },
      { key: 'channel', kind: 'text', label: 'Channel', maxLength: 200, hint: 'May stay empty.' },
      inside,
    ],
    mqtt: [
      {
        key: 'url',
        kind: 'text',
        label: 'Broker',
        maxLength: 2_000,
        hint: 'Such as mqtts://broker:8883. Empty: the broker of this site.',
      },
      { key: 'topic', kind: 'text', label: 'Topic', maxLength: 500 },
      { key: 'user', kind: 'text', label: 'User', maxLength: 200 },
      {
        key: 'secretPassword',
        kind: 'text',
        label: 'Password',
        maxLength: 1_000,
        hint: set('password') || 'May stay empty.',
      },
      inside,
    ],
    syslog: [
      { key: 'host', kind: 'text', label: 'Host', maxLength: 255 },
      { key: 'port', kind: 'number', label: 'Port', min: 1, max: 65_535 },
      {
        key: 'protocol',
        kind: 'choice',
        label: 'Over',
        options: ['udp', 'tcp', 'tls'].map((value) => ({ value, word: value.toUpperCase() })),
      },
      inside,
    ],
  };
  return [
    { key: 'name', kind: 'text', label: 'Name', required: true, maxLength: 200 },
    ...(before === undefined
      ? [{ key: 'kind', kind: 'choice', label: 'Kind', options: TARGET_KINDS } as const]
      : []),
    { key: 'enabled', kind: 'toggle', label: 'Is told' },
    ...kinds[form.kind],
    attempts,
  ];
}

export type Tested = AnswerOf<'POST', '/v1/targets/{id}/test'>;

const TEST_LIMIT_MS = 70_000;

export const testTarget = (id: number): Promise<Tested> =>
  call('POST', '/v1/targets/{id}/test', { params: { id }, deadlineMs: TEST_LIMIT_MS });

export const replayDelivery = (id: string): Promise<unknown> =>
  call('POST', '/v1/deliveries/{id}/replay', { params: { id } });
