import { z } from 'zod';

/** `personalities.webmacs`. */
export const webmacsConfiguration = z
  .strictObject({
    /** Calls below `/api/v1` and sockets below `/ws` on the main port. */
    enabled: z.boolean().default(true),
  })
  .prefault({});
