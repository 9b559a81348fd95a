import { z } from 'zod';

/** One recording as a listener's page shows it, with what came in the same envelope. */
export const assetStory = z.object({
  id: z.int(),
  description: z.string(),
  /** Words of its tags, in the session's language. */
  tags: z.array(z.string()),
  /** Made in this session, or by the same visitor. */
  mine: z.boolean(),
  submitted: z.boolean(),
  ingest: z.enum(['none', 'waiting', 'working', 'ready', 'failed']),
  ingestError: z.string().nullable(),
  /** Path of a photo of the same envelope. */
  photoUrl: z.string().nullable(),
  altText: z.string().nullable(),
  /** Path of a plain text of the same envelope. */
  textUrl: z.string().nullable(),
});
export type AssetStory = z.infer<typeof assetStory>;
