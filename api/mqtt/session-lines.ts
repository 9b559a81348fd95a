import { z } from 'zod';

const id = z.string().min(1).max(65_535);
const topic = z.string().min(1).max(65_535);
const messageId = z.int().min(1).max(65_535);
const counter = z.int().min(0);

/** What the file of sessions says, a line for each change. */
const sessionLine = z.union([
  /** A message waits for clients: whose, broker and count of it there, topic, payload in base64, quality. */
  z.tuple([
    z.literal('queue'),
    z.array(id).min(1),
    z.string(),
    counter,
    topic,
    z.string(),
    z.union([z.literal(1), z.literal(2)]),
  ]),
  /** It was sent under a number. */
  z.tuple([z.literal('sent'), id, z.string(), counter, messageId]),
  /** It need not be sent again. */
  z.tuple([z.literal('gone'), id, z.string(), counter]),
  /** A client has a message of quality 2, and was told that it may take it. */
  z.tuple([z.literal('released'), id, messageId]),
  /** A message of quality 2 came from a client under a number, and that number is free again. */
  z.tuple([z.literal('got'), id, messageId]),
  z.tuple([z.literal('done'), id, messageId]),
  z.tuple([z.literal('subscribed'), id, topic, z.int().min(0).max(2)]),
  z.tuple([z.literal('unsubscribed'), id, topic]),
  /** A session begins: of which client and of whom. */
  z.tuple([z.literal('session'), id, z.string()]),
  /** Its client is away since then, ms since 1970; 0: it is there. */
  z.tuple([z.literal('away'), id, z.number().min(0)]),
  z.tuple([z.literal('forgotten'), id]),
]);

export type SessionLine = z.output<typeof sessionLine>;

export const textOf = (line: SessionLine): string => `${JSON.stringify(line)}\n`;

/** Undefined: it is no such line. */
export function sessionLineIn(text: string): SessionLine | undefined {
  try {
    return sessionLine.safeParse(JSON.parse(text)).data;
  } catch {
    // Not even JSON: cut off, or damaged.
    return undefined;
  }
}
