import type { Tone } from '../data/states.js';

export interface Toast {
  readonly id: number;
  readonly tone: Tone;
  readonly text: string;
  /** Offered as a button; the message closes with it. */
  readonly action?: { readonly word: string; readonly run: () => void };
}

export interface ToastOptions {
  readonly action?: Toast['action'];
  /** Default 6,000. */
  readonly forMs?: number;
}

const SHOWN_MS = 6_000;
const MAX_SHOWN = 4;
let nextId = 1;
let shown = $state.raw<readonly Toast[]>([]);

export const toasts = {
  get shown(): readonly Toast[] {
    return shown;
  },
};

/** Says something once, to the eye and the ear. Trouble stays until it is closed; at most four are kept. */
export function toast(tone: Tone, text: string, options: ToastOptions = {}): void {
  const one: Toast = {
    id: nextId,
    tone,
    text,
    ...(options.action ? { action: options.action } : {}),
  };
  nextId += 1;
  shown = [...shown, one].slice(-MAX_SHOWN);
  if (tone !== 'critical') setTimeout(() => closeToast(one.id), options.forMs ?? SHOWN_MS);
}

export function closeToast(id: number): void {
  shown = shown.filter((one) => one.id !== id);
}
