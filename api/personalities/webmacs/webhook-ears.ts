import type { SiteStore } from '../../../actors/control/site.js';
import { EngineError } from '../../../engine/errors.js';

/** Which events some webhook hears of; so that nothing is made for nobody. Kept true by the change feed. */
export class WebhookEars {
  #heard: ReadonlySet<string> = new Set();
  /** Some listens to a pattern, which is for the sender to judge. */
  #pattern = false;
  readonly #store: Pick<SiteStore, 'control' | 'automation'>;
  #unfollow: () => void = () => undefined;
  #reading: Promise<void> = Promise.resolve();

  private constructor(store: Pick<SiteStore, 'control' | 'automation'>) {
    this.#store = store;
  }

  static async open(
    store: Pick<SiteStore, 'control' | 'automation'>,
    onFault: (error: EngineError) => void,
  ): Promise<WebhookEars> {
    const ears = new WebhookEars(store);
    const head = await store.control.feed.head();
    await ears.#read();
    ears.#unfollow = store.control.feed.follow(head, (event) => {
      const touched =
        event.type === 'reset' ||
        event.changes.some(({ domain }) => domain === 'automation.targets');
      if (!touched) return;
      ears.#reading = ears.#reading
        .then(() => ears.#read())
        .catch((thrown: unknown) => onFault(EngineError.from(thrown)));
    });
    return ears;
  }

  has(event: string): boolean {
    return this.#heard.has(event) || this.#pattern;
  }

  close(): void {
    this.#unfollow();
  }

  async #read(): Promise<void> {
    const heard = new Set<string>();
    for await (const rows of this.#store.automation.targets.each()) {
      for (const { enabled, events } of rows) if (enabled) for (const one of events) heard.add(one);
    }
    this.#heard = heard;
    this.#pattern = [...heard].some((one) => one.includes('*'));
  }
}
