// The journal's newest events, kept fresh by the hub's stream.

import { apiAddress, get } from '../api/client';
import { openStream } from '../api/sse';
import type { JournalEvent, List } from '../api/types';

export interface EventFilter {
  type?: string | null;
  subject?: string | null;
  since?: string | null;
  until?: string | null;
  limit?: number;
}

export class Journal {
  events = $state.raw<JournalEvent[]>([]);
  next = $state.raw<string | null>(null);
  error = $state.raw<Error | null>(null);
  ready = $state(false);
  connected = $state(false);

  /** `filter` runs inside an effect: its signals make the journal read again. */
  constructor(filter: () => EventFilter) {
    $effect(() => {
      const wanted = filter();
      const control = new AbortController();
      const read = () => void this.#read(wanted, control.signal);
      read();
      const stream = openStream({
        url: apiAddress('/journal/stream'),
        event: 'event',
        take: (data) => this.#take(JSON.parse(data) as JournalEvent, wanted),
        connected: (yes) => (this.connected = yes),
        resumed: read,
      });
      return () => {
        control.abort();
        stream.close();
      };
    });
  }

  async more(filter: EventFilter): Promise<void> {
    if (!this.next) return;
    try {
      const page = await get<List<JournalEvent>>('/journal/events', {
        ...filter,
        newest_first: true,
        cursor: this.next,
      });
      this.events = [...this.events, ...page.items];
      this.next = page.next;
    } catch (error) {
      this.error = error as Error;
    }
  }

  async #read(filter: EventFilter, signal: AbortSignal): Promise<void> {
    try {
      const page = await get<List<JournalEvent>>('/journal/events', { ...filter, newest_first: true }, signal);
      this.events = page.items;
      this.next = page.next;
      this.error = null;
    } catch (error) {
      if (!signal.aborted) this.error = error as Error;
    }
    if (!signal.aborted) this.ready = true;
  }

  #take(event: JournalEvent, filter: EventFilter): void {
    if (filter.type && event.type !== filter.type) return;
    if (filter.subject && event.subject !== filter.subject) return;
    if ((filter.since && event.time < filter.since) || (filter.until && event.time > filter.until)) return;
    if (this.events.some((other) => String(other.id) === String(event.id))) return;
    this.events = [event, ...this.events];
  }
}
