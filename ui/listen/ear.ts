import { createPlayer, type Player } from '../player/player.js';
import { ElementSound, type SoundSource, type SoundState } from './sound.js';

/**
 * How the stream comes to the ear: at once (low latency) while somebody looks at the page and moves on its map; by an
 * `<audio>` element, which phones keep alive, while the phone is in a pocket, and wherever the first cannot be had.
 */
export class Ear {
  readonly #onState: (state: SoundState) => void;
  readonly #element: ElementSound;
  #quick: Player | undefined;
  #source: SoundSource | undefined;
  #pocket = false;
  /** The quick way failed in this browser or network; it is not tried again in this visit. */
  #slow = false;
  #volume = 1;

  constructor(onState: (state: SoundState) => void) {
    this.#onState = onState;
    this.#element = new ElementSound((state) => this.#elementSays(state));
  }

  /** To be called inside of a press. */
  prime(): void {
    this.#element.prime();
  }

  start(source: SoundSource): void {
    this.stop();
    this.#source = source;
    this.#onState('waiting');
    if (this.#pocket || this.#slow || source.lowLatencyUrl === undefined) {
      this.#element.start(source);
    } else this.#startQuick(source);
  }

  stop(): void {
    this.#source = undefined;
    this.#dropQuick();
    this.#element.stop();
    this.#onState('stopped');
  }

  /** The page is hidden, or the listener walks: what goes on without the page counts more than being quick. */
  set pocket(pocket: boolean) {
    if (this.#pocket === pocket) return;
    this.#pocket = pocket;
    const source = this.#source;
    if (!source) return;
    if (pocket && this.#quick) {
      // The quick one goes on until the element sounds: no gap.
      this.#element.start(source);
    } else if (!pocket && !this.#slow && !this.#quick && source.lowLatencyUrl !== undefined) {
      this.#startQuick(source);
    }
  }

  set volume(volume: number) {
    this.#volume = volume;
    this.#element.volume = volume;
    if (this.#quick) this.#quick.volume = volume;
  }

  #startQuick(source: SoundSource): void {
    const player = createPlayer({ ...source, volume: this.#volume });
    this.#quick = player;
    player.onState((state) => {
      if (this.#quick !== player) return;
      // Its own way out is an element too; ours was allowed to sound by the first press.
      if (state === 'failed' || (state !== 'stopped' && player.mode === 'element')) this.#giveUp();
      else if (state === 'playing') {
        this.#element.stop();
        this.#onState('playing');
      } else if (state === 'waiting') this.#onState('waiting');
    });
    // What goes wrong is told by its state.
    player.start().catch(() => undefined);
    if (player.mode === 'element') this.#giveUp();
  }

  #giveUp(): void {
    this.#slow = true;
    this.#dropQuick();
    if (this.#source) this.#element.start(this.#source);
  }

  #dropQuick(): void {
    const player = this.#quick;
    this.#quick = undefined;
    player?.stop();
  }

  #elementSays(state: SoundState): void {
    if (!this.#source) return;
    if (this.#quick) {
      if (state !== 'playing' || !this.#pocket) return;
      this.#dropQuick();
    }
    if (state !== 'stopped') this.#onState(state);
  }
}
