// What the reader was told: how much is unread, and the newest as they come.

import { apiAddress, ask, get } from '../api/client';
import { openStream, type Stream } from '../api/sse';
import type { List } from '../api/types';
import type { Notice } from './types';

const kShown = 8;

class Notices {
  unread = $state(0);
  newest = $state.raw<Notice[]>([]);
  error = $state.raw<Error | null>(null);
  ready = $state(false);
  #readers = 0;
  #stream: Stream | null = null;

  /** Follows while somebody watches; answers how to stop. */
  watch(): () => void {
    if (this.#readers++ === 0) {
      void this.read();
      this.#stream = openStream({
        url: apiAddress('/notifications/stream'),
        event: 'notice',
        take: (data) => this.#take(JSON.parse(data) as Notice),
        resumed: () => void this.read(),
      });
    }
    return () => {
      if (--this.#readers > 0) return;
      this.#stream?.close();
      this.#stream = null;
    };
  }

  async read(): Promise<void> {
    try {
      const [count, list] = await Promise.all([
        get<{ unread: number }>('/notifications/unread'),
        get<List<Notice>>('/notifications', { limit: kShown }),
      ]);
      this.unread = count.unread;
      this.newest = list.items;
      this.error = null;
    } catch (error) {
      this.error = error as Error;
    }
    this.ready = true;
  }

  /** Marks these, or all up to one. */
  async mark(body: { ids: number[] } | { up_to: number }): Promise<void> {
    const { value } = await ask<{ unread: number }>('/notifications/read', {}, { method: 'POST', body });
    this.unread = value.unread;
    const read = (notice: Notice) => ('ids' in body ? body.ids.includes(notice.id) : notice.id <= body.up_to);
    this.newest = this.newest.map((notice) => (read(notice) ? { ...notice, read: true } : notice));
  }

  #take(notice: Notice): void {
    if (this.newest.some((one) => one.id === notice.id)) return;
    this.newest = [notice, ...this.newest].slice(0, kShown);
    if (!notice.read) this.unread++;
  }
}

export const notices = new Notices();
