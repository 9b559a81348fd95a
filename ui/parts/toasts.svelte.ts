import type { Tone } from '../data/states.js';

export interface Toast {
  readonly id: number;
  readonly tone: Tone;
  readonly text: string;
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
export function toast(tone: Tone, text: string): void {
  const one: Toast = { id: nextId, tone, text };
  nextId += 1;
  shown = [...shown, one].slice(-MAX_SHOWN);
  if (tone !== 'critical') setTimeout(() => closeToast(one.id), SHOWN_MS);
}

export function closeToast(id: number): void {
  shown = shown.filter((one) => one.id !== id);
}
