import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/**
 * The process's metrics, in a registry of its own: nothing global. Each subsystem defines its metrics beside
 * the data that they read, through `gauge` (read on scrape) or `counter`.
 */
export class Metrics {
  readonly registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.registry, prefix: 'earshot_' });
  }

  /** A counter that somebody increments. */
  counter<L extends string = never>(
    name: string,
    help: string,
    labels: readonly L[] = [],
  ): Counter<L> {
    return new Counter({
      name: `earshot_${name}`,
      help,
      labelNames: [...labels],
      registers: [this.registry],
    });
  }

  /** A gauge that is read only when somebody scrapes. `read` answers one value a label value. */
  gauge<L extends string>(
    name: string,
    help: string,
    label: L,
    read: () => Iterable<readonly [labelValue: string, value: number]>,
  ): void {
    new Gauge({
      name: `earshot_${name}`,
      help,
      labelNames: [label],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [labelValue, value] of read()) {
          this.labels({ [label]: labelValue } as Record<L, string>).set(value);
        }
      },
    });
  }

  /** A gauge without labels, read on scrape. */
  value(name: string, help: string, read: () => number): void {
    new Gauge({
      name: `earshot_${name}`,
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }

  /** @param bucketsMs upper limits, milliseconds. */
  histogramMs<L extends string = never>(
    name: string,
    help: string,
    labels: readonly L[] = [],
    bucketsMs: readonly number[] = [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000],
  ): Histogram<L> {
    return new Histogram({
      name: `earshot_${name}_ms`,
      help,
      labelNames: [...labels],
      buckets: [...bucketsMs],
      registers: [this.registry],
    });
  }

  /** The Prometheus text of everything. */
  text(): Promise<string> {
    return this.registry.metrics();
  }
}
