// Who the reader is to the hub, and what they may do. The hub decides; the portal only does not offer what would be refused.

import { all, get, whenUnknown } from '../api/client';
import { place } from '../lib/router.svelte';
import { session } from '../lib/session.svelte';
import type { Account, Permission, SessionInfo } from './types';

class Me {
  info = $state.raw<SessionInfo | null>(null);
  error = $state.raw<Error | null>(null);
  /** Until the hub has answered nothing is known: neither offered nor denied. */
  known = $derived(this.info !== null || this.error !== null);
  account = $derived<Account | null>(this.info?.account ?? null);
  signedIn = $derived(this.info?.signed_in === true);
  #parents = $state.raw<Map<string, string> | null>(null);
  name = $derived(this.account?.name || this.info?.caller || '');

  async ask(): Promise<void> {
    try {
      this.info = await get<SessionInfo>('/session');
      this.error = null;
      session.suggestLanguage(this.info.account?.language ?? null);
      void this.#readTree();
    } catch (error) {
      this.error = error as Error;
    }
  }

  /** Whether to offer what needs this permission: at this organisation and above it, or anywhere. */
  may(permission: Permission, organisation?: string | null): boolean {
    const info = this.info;
    if (!info || !info.permissions.includes(permission)) return false;
    if (!organisation || info.standings.length === 0) return true;
    const places = info.standings.filter((one) => one.permissions.includes(permission)).map((one) => one.organisation);
    const tree = this.#parents;
    // Before the tree is read what lies above is not known; then it is offered, and the hub decides.
    if (!tree || places.includes('')) return true;
    for (let at: string | undefined = organisation; at; at = tree.get(at)) if (places.includes(at)) return true;
    return false;
  }

  async #readTree(): Promise<void> {
    const limited = this.info?.standings.some((one) => one.organisation) ?? false;
    if (!limited || this.#parents) return;
    const list = await all<{ id: string; parent?: string }>('/organisations', { fields: 'id,parent' }).catch(
      () => null,
    );
    if (list) this.#parents = new Map(list.flatMap(({ id, parent }) => (parent ? [[id, parent]] : [])));
  }
}

export const me = new Me();
// Once: what is asked then is open to all, so that no refusal follows from it.
whenUnknown(() => {
  if (me.signedIn) void me.ask();
});

/** A path of this portal, and of nothing else: what an address may say about where to go after signing in. */
export function localPath(text: string | null): string {
  if (!text || !text.startsWith('/')) return '/';
  try {
    const url = new URL(text, location.origin);
    return url.origin === location.origin && !url.pathname.startsWith('//') ? url.pathname + url.search : '/';
  } catch {
    return '/';
  }
}

/** A sign-in through an institution that waits for a second factor: it comes back with #pending=…&factors=…. */
export function waitingOf(hash: string): { pending: string; factors: string[] } | null {
  const values = new URLSearchParams(hash.replace(/^#/, ''));
  const pending = values.get('pending');
  return pending ? { pending, factors: (values.get('factors') ?? '').split(',').filter(Boolean) } : null;
}

/** Where to sign in, and come back to the present page. */
export function signInPath(): string {
  const here = place.path + place.search;
  return here === '/' || /^\/(signin|join|recover)\b/.test(here)
    ? '/signin'
    : `/signin?return_to=${encodeURIComponent(here)}`;
}
