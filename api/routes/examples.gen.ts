import type { Example } from './openapi.types.js';

export const EXAMPLES: Readonly<Record<string, Example>> = {};
