import type { WireError } from '../errors.js';

/** Engine → store process. */
export type ToStoreChild =
  | {
      readonly type: 'start';
      readonly folder: string;
      /** 0 on the first start; later the port it had, so that clients find it again. */
      readonly port: number;
      readonly username: string;
      readonly password: string;
    }
  | { readonly type: 'stop' };

/** Store process → engine. */
export type FromStoreChild =
  | { readonly type: 'ready'; readonly port: number; readonly version: string }
  | { readonly type: 'failed'; readonly error: WireError };
