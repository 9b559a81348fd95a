/** A level of topics: who subscribed to exactly this, and what is below. */
interface Level {
  readonly below: Map<string, Level>;
  readonly clients: Map<string, number>;
}

const newLevel = (): Level => ({ below: new Map(), clients: new Map() });

/** Subscriptions of clients by topic, with `+` and `#`, so that a message finds them without trying each. */
export class TopicTree {
  readonly #root = newLevel();

  /** A second one of the client on the same topic replaces the first. */
  add(topic: string, client: string, qos: number): void {
    let level = this.#root;
    for (const name of topic.split('/')) {
      let next = level.below.get(name);
      if (next === undefined) {
        next = newLevel();
        level.below.set(name, next);
      }
      level = next;
    }
    level.clients.set(client, qos);
  }

  remove(topic: string, client: string): void {
    const path: (readonly [above: Level, name: string, level: Level])[] = [];
    let level = this.#root;
    for (const name of topic.split('/')) {
      const next = level.below.get(name);
      if (next === undefined) return;
      path.push([level, name, next]);
      level = next;
    }
    level.clients.delete(client);
    for (const [above, name, { below, clients }] of path.reverse()) {
      if (below.size > 0 || clients.size > 0) return;
      above.below.delete(name);
    }
  }

  /** Each client once, with the highest quality of service that it asked for. Wildcards do not find `$` topics. */
  match(topic: string): ReadonlyMap<string, number> {
    const found = new Map<string, number>();
    const take = ({ clients }: Level): void => {
      for (const [client, qos] of clients) {
        found.set(client, Math.max(qos, found.get(client) ?? 0));
      }
    };
    const names = topic.split('/');
    const isOwn = topic.startsWith('$');
    let levels: readonly Level[] = [this.#root];
    for (const [at, name] of names.entries()) {
      const next: Level[] = [];
      for (const { below } of levels) {
        const exact = below.get(name);
        if (exact !== undefined) next.push(exact);
        if (isOwn && at === 0) continue;
        const one = below.get('+');
        if (one !== undefined) next.push(one);
        const rest = below.get('#');
        if (rest !== undefined) take(rest);
      }
      levels = next;
    }
    for (const level of levels) {
      take(level);
      // `a/#` is also about `a` itself.
      const rest = level.below.get('#');
      if (rest !== undefined) take(rest);
    }
    return found;
  }
}

/** Whether a subscription is about a topic. */
export function topicMatches(pattern: string, topic: string): boolean {
  if (pattern === topic) return true;
  const wanted = pattern.split('/');
  const names = topic.split('/');
  if (topic.startsWith('$') && wanted[0] !== names[0]) return false;
  for (const [at, want] of wanted.entries()) {
    if (want === '#') return at === wanted.length - 1;
    if (at >= names.length || (want !== '+' && want !== names[at])) return false;
  }
  return wanted.length === names.length;
}
