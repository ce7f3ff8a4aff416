// The last minute of each pair and link, kept fresh by the hub's stream while a component looks at it.

import { all, apiAddress, get } from '../../api/client';
import { openStream, type Stream } from '../../api/sse';
import type { MeasuredLink, Pair, Summary } from '../../api/types';

const kSettle = 400; // ms: batches of pairs that come together are followed by one reading of the links
const kEvery = 20_000; // ms: a link may change its state without a new record

export const pairKey = (from: string, to: string) => `${from}/${to}`;

class Live {
  pairs = $state.raw(new Map<string, Pair>());
  links = $state.raw(new Map<string, MeasuredLink>());
  summary = $state.raw<Summary | null>(null);
  connected = $state(false);
  /** Has been read at least once. */
  ready = $state(false);
  error = $state.raw<Error | null>(null);
  #watchers = 0;
  #stream: Stream | null = null;
  #settle: ReturnType<typeof setTimeout> | null = null;
  #clock: ReturnType<typeof setInterval> | null = null;

  pair(from: string, to: string): Pair | undefined {
    return this.pairs.get(pairKey(from, to));
  }

  /** Keeps the figures fresh until the returned function is called. For use in an effect. */
  watch(): () => void {
    if (this.#watchers++ === 0) this.#start();
    return () => {
      if (--this.#watchers === 0) this.#stop();
    };
  }

  #start(): void {
    void this.#readAll();
    this.#stream = openStream({
      url: apiAddress('/measure/stream'),
      event: 'pairs',
      take: (data) => this.#take(JSON.parse(data) as Pair[]),
      connected: (yes) => (this.connected = yes),
      resumed: () => void this.#readAll(),
    });
    this.#clock = setInterval(() => {
      if (!document.hidden) void (this.connected ? this.#readLinks() : this.#readAll());
    }, kEvery);
  }

  #stop(): void {
    this.#stream?.close();
    this.#stream = null;
    if (this.#settle) clearTimeout(this.#settle);
    if (this.#clock) clearInterval(this.#clock);
  }

  #take(fresh: Pair[]): void {
    const pairs = new Map(this.pairs);
    for (const pair of fresh) pairs.set(pairKey(pair.from, pair.to), pair);
    this.pairs = pairs;
    if (this.#settle) clearTimeout(this.#settle);
    this.#settle = setTimeout(() => void this.#readLinks(), kSettle);
  }

  async #readAll(): Promise<void> {
    try {
      const pairs = await all<Pair>('/measure/pairs');
      this.pairs = new Map(pairs.map((pair) => [pairKey(pair.from, pair.to), pair]));
    } catch (error) {
      this.error = error as Error;
    }
    await this.#readLinks();
  }

  async #readLinks(): Promise<void> {
    try {
      const [links, summary] = await Promise.all([
        all<MeasuredLink>('/measure/links'),
        get<Summary>('/measure/summary'),
      ]);
      this.links = new Map(links.map((link) => [link.id, link]));
      this.summary = summary;
      this.error = null;
    } catch (error) {
      this.error = error as Error;
    }
    this.ready = true;
  }
}

export const live = new Live();
