/** Every state of every row in one of five, each with a word. Colour, shape and word always go together. */
export type Tone = 'good' | 'attention' | 'critical' | 'unknown' | 'off';

export interface StateWord {
  readonly tone: Tone;
  readonly word: string;
}

const WORDS: Readonly<Record<string, StateWord>> = {
  connected: { tone: 'good', word: 'Online' },
  connecting: { tone: 'unknown', word: 'Connecting' },
  silent: { tone: 'attention', word: 'Silent' },
  disconnected: { tone: 'off', word: 'Offline' },
  error: { tone: 'critical', word: 'Error' },
  parked: { tone: 'critical', word: 'Parked' },
  stopped: { tone: 'off', word: 'Stopped' },
  starting: { tone: 'unknown', word: 'Starting' },
  streaming: { tone: 'good', word: 'Streaming' },
  paused: { tone: 'attention', word: 'Paused' },
  idle: { tone: 'off', word: 'Idle' },
  running: { tone: 'good', word: 'Running' },
  stuck: { tone: 'critical', word: 'Stuck' },
  lost: { tone: 'critical', word: 'Lost' },
  up: { tone: 'good', word: 'Up' },
  away: { tone: 'critical', word: 'Away' },
  off: { tone: 'off', word: 'Off' },
  restarting: { tone: 'attention', word: 'Restarting' },
  online: { tone: 'good', word: 'Online' },
  active: { tone: 'good', word: 'Active' },
  waiting: { tone: 'attention', word: 'Waiting' },
  failed: { tone: 'critical', word: 'Failed' },
  pending: { tone: 'unknown', word: 'Waiting for the device' },
  confirmed: { tone: 'good', word: 'Confirmed by the device' },
  unanswered: { tone: 'attention', word: 'The device did not answer' },
  offline: { tone: 'off', word: 'The device is offline' },
  queued: { tone: 'unknown', word: 'Sent when the device is back' },
  refused: { tone: 'critical', word: 'Refused by the device' },
  expired: { tone: 'attention', word: 'The device did not come back in time' },
};

/** Words of a state; one that is not known is shown as it is, in the tone `unknown`. */
export function stateWord(state: string): StateWord {
  // A machine inside a machine: `linked.silent` is silent.
  const known = WORDS[state] ?? WORDS[state.slice(state.lastIndexOf('.') + 1)];
  if (known) return known;
  const first = state.charAt(0).toUpperCase();
  return { tone: 'unknown', word: state === '' ? 'Unknown' : `${first}${state.slice(1)}` };
}

/** The worse comes first. */
export const TONE_ORDER: readonly Tone[] = ['critical', 'attention', 'unknown', 'off', 'good'];

/** The worst of several tones; `unknown` for none. */
export function worst(tones: readonly Tone[]): Tone {
  return TONE_ORDER.find((tone) => tones.includes(tone)) ?? 'unknown';
}
