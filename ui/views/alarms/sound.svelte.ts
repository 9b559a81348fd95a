import type { Severity } from '../../../api/contract/automation-rows.js';
import { SOUNDS } from '../../data/alarm-sound.js';

const STORAGE_KEY = 'earshot.alarmSound';
const GAIN_LINEAR = 0.18;
/** Soft ends, so that a beep does not click. */
const RAMP_S = 0.012;

let on = $state(window.localStorage.getItem(STORAGE_KEY) !== 'off');
let blocked = $state(false);
let context: AudioContext | undefined;

function opened(): AudioContext {
  if (context === undefined) {
    const made = new AudioContext();
    made.addEventListener('statechange', () => {
      blocked = made.state === 'suspended';
    });
    context = made;
  }
  return context;
}

export const sound = {
  get on(): boolean {
    return on;
  },
  /** The browser makes no sound before somebody pressed something in this page. */
  get blocked(): boolean {
    return on && blocked;
  },
  set(next: boolean): void {
    on = next;
    window.localStorage.setItem(STORAGE_KEY, next ? 'on' : 'off');
    if (next) sound.play('info');
  },
  /** Asks the browser whether it would make a sound now. */
  ready(): void {
    blocked = opened().state === 'suspended';
  },
  play(severity: Severity): void {
    if (!on) return;
    const audio = opened();
    audio.resume().catch(() => {
      blocked = true;
    });
    const start = audio.currentTime + 0.03;
    for (const { frequencyHz, atS, forS } of SOUNDS[severity]) {
      const tone = audio.createOscillator();
      const gain = audio.createGain();
      tone.frequency.value = frequencyHz;
      gain.gain.setValueAtTime(0, start + atS);
      gain.gain.linearRampToValueAtTime(GAIN_LINEAR, start + atS + RAMP_S);
      gain.gain.setValueAtTime(GAIN_LINEAR, start + atS + forS - RAMP_S);
      gain.gain.linearRampToValueAtTime(0, start + atS + forS);
      tone.connect(gain).connect(audio.destination);
      tone.start(start + atS);
      tone.stop(start + atS + forS);
    }
  },
};
