// A long list of the hub, page after page as the reader asks for more.

import { get } from '../api/client';
import type { List } from '../api/types';

type Query = Record<string, string | number | boolean | null | undefined>;

export class Pages<T> {
  items = $state.raw<T[]>([]);
  next = $state.raw<string | null>(null);
  error = $state.raw<Error | null>(null);
  waiting = $state(true);
  ready = $state(false);
  #again = $state(0);
  #path = '';
  #query: Query = {};

  /** `ask` runs inside an effect: its signals make the list begin anew. */
  constructor(ask: () => { path: string; query?: Query }) {
    $effect(() => {
      void this.#again;
      const { path, query } = ask();
      this.#path = path;
      this.#query = query ?? {};
      const control = new AbortController();
      this.waiting = true;
      get<List<T>>(path, this.#query, control.signal).then(
        (page) => this.#take(page, []),
        (error: unknown) => {
          if (!control.signal.aborted) this.#fail(error as Error);
        },
      );
      return () => control.abort();
    });
  }

  again(): void {
    this.#again++;
  }

  async more(): Promise<void> {
    if (!this.next || this.waiting) return;
    this.waiting = true;
    try {
      this.#take(await get<List<T>>(this.#path, { ...this.#query, cursor: this.next }), this.items);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** Every item, up to a bound, for an export. */
  async everything(atMost: number): Promise<T[]> {
    const out: T[] = [];
    let cursor: string | null = null;
    do {
      const page: List<T> = await get<List<T>>(this.#path, { ...this.#query, limit: 1000, cursor });
      out.push(...page.items);
      cursor = page.next;
    } while (cursor && out.length < atMost);
    return out;
  }

  #take(page: List<T>, before: T[]): void {
    this.items = [...before, ...page.items];
    this.next = page.next;
    this.error = null;
    this.waiting = false;
    this.ready = true;
  }

  #fail(error: Error): void {
    this.error = error;
    this.waiting = false;
  }
}
