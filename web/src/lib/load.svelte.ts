// Reading for a component: asks again when what it depends on changes, and keeps the old answer while it waits.

import type { Failed } from '../api/client';

export class Loaded<T> {
  value = $state.raw<T | null>(null);
  error = $state.raw<Failed | Error | null>(null);
  waiting = $state(true);
  #again = $state(0);
  #key: string | null = null;

  /**
   * `read` runs inside an effect: the signals that it touches before its first await make it run again. A changed `key`
   * means another subject, whose old answer must not be shown any more.
   */
  constructor(read: (signal: AbortSignal) => Promise<T>, key?: () => string) {
    $effect(() => {
      void this.#again;
      const name = key?.() ?? null;
      if (name !== this.#key) this.value = null;
      this.#key = name;
      const control = new AbortController();
      this.waiting = true;
      read(control.signal).then(
        (value) => {
          if (control.signal.aborted) return;
          this.value = value;
          this.error = null;
          this.waiting = false;
        },
        (error: unknown) => {
          if (control.signal.aborted) return;
          this.error = error as Error;
          this.waiting = false;
        },
      );
      return () => control.abort();
    });
  }

  again(): void {
    this.#again++;
  }
}
