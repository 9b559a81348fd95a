import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { blankOf, formOf, type JsonSchema } from './json-schema.js';
import { schemaFaults, serverFaults } from './schema-faults.js';

const configuration = z.strictObject({
  host: z.string().min(1).max(64).meta({ title: 'Address', description: 'Of the server.' }),
  port: z.int().min(1).max(65_535).default(443),
  secure: z.boolean().default(true),
  mode: z.enum(['fast', 'slow']).default('fast'),
  password: z.string().min(1).meta({ title: 'Password', secret: true }),
  note: z.string().nullable().default(null),
  hosts: z.array(z.string().max(10)).max(3).default([]),
  limits: z.strictObject({ perSecond: z.number().min(0.1).max(50).default(5) }).prefault({}),
  headers: z.record(z.string(), z.string()).default({}),
  login: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('none') }),
      z.strictObject({ kind: z.literal('basic'), user: z.string().min(1) }),
    ])
    .default({ kind: 'none' }),
  anything: z.union([z.string(), z.number()]).optional(),
});
const schema = z.toJSONSchema(configuration) as JsonSchema;
const form = formOf(schema);
const fields = form.kind === 'object' ? form.fields : [];
const kindOf = (key: string) => fields.find((one) => one.key === key)?.node.kind;

describe('a form made from a schema', () => {
  it('has the right kind of field for each part', () => {
    expect(Object.fromEntries(fields.map((one) => [one.key, one.node.kind]))).toEqual({
      host: 'text',
      port: 'number',
      secure: 'flag',
      mode: 'choice',
      password: 'secret',
      note: 'text',
      hosts: 'list',
      limits: 'object',
      headers: 'table',
      login: 'variant',
      anything: 'json',
    });
  });

  it('takes its words from title and description, and makes words of a bare name', () => {
    expect(fields[0]).toMatchObject({ label: 'Address', hint: 'Of the server.', required: true });
    const limits = fields.find((one) => one.key === 'limits')?.node;
    expect(limits?.kind === 'object' && limits.fields[0]?.label).toBe('Per second');
    expect(fields.find((one) => one.key === 'note')?.nullable).toBe(true);
  });

  it('does not demand what has a default, and fills defaults in', () => {
    const needed = fields.filter((one) => one.required).map((one) => one.key);
    expect(needed).toEqual(expect.arrayContaining(['host', 'password']));
    expect(needed).not.toContain('port');
    expect(blankOf(form)).toMatchObject({
      port: 443,
      secure: true,
      mode: 'fast',
      hosts: [],
      login: { kind: 'none' },
    });
  });

  it('follows references, and draws a schema that refers to itself as JSON in the end', () => {
    const self: JsonSchema = {
      $ref: '#/$defs/node',
      $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' } } } },
    };
    expect(formOf(self).kind).toBe('object');
    expect(formOf({ type: ['string', 'number'] }).kind).toBe('json');
    expect(kindOf('nothing')).toBeUndefined();
  });
});

describe('what is typed', () => {
  const good = { host: 'a', password: 'b' };

  it('is accepted when the schema accepts it', () => {
    expect(schemaFaults(form, good)).toEqual({});
    expect(configuration.safeParse(good).success).toBe(true);
  });

  it('is refused at its field, by path', () => {
    const faults = schemaFaults(form, {
      host: '',
      port: 70_000,
      mode: 'loud',
      hosts: ['fine', 'much too long to be fine'],
      limits: { perSecond: 0 },
      login: { kind: 'basic', user: '' },
    });
    expect(Object.keys(faults).toSorted()).toEqual([
      'host',
      'hosts.1',
      'limits.perSecond',
      'login.user',
      'mode',
      'password',
      'port',
    ]);
    expect(faults['host']).toBe('Address is needed.');
    expect(faults['port']).toBe('Type a number from 1 to 65535.');
  });

  it('needs no secret that is stored, unless it is cleared', () => {
    expect(schemaFaults(form, { host: 'a' }, ['password'])).toEqual({});
    expect(schemaFaults(form, { host: 'a', password: null }, ['password'])).toEqual({
      password: 'Password is needed.',
    });
  });

  it('gets the server’s words at the same paths', () => {
    expect(
      serverFaults(
        [
          { field: 'body.config.host', message: 'no' },
          { field: 'config.limits.perSecond', message: 'less' },
          { field: 'name', message: 'taken' },
        ],
        'config',
      ),
    ).toEqual({ host: 'no', 'limits.perSecond': 'less', name: 'taken' });
  });
});
