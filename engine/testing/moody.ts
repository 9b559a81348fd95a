/** Contract of the thread that the pool's tests start. */
export interface ToMoody {
  readonly requests: {
    pid: { readonly params: null; readonly result: number };
    end: { readonly params: { readonly code: number }; readonly result: boolean };
    spin: { readonly params: { readonly forMs: number }; readonly result: boolean };
  };
  readonly posts: Record<string, never>;
  readonly streams: Record<string, never>;
}

export interface FromMoody {
  readonly requests: Record<string, never>;
  readonly posts: { hello: string };
  readonly streams: Record<string, never>;
}

export type Mood = 'well' | 'never-ready' | 'throws-at-start' | 'ignores-stop';
