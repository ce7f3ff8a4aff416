// Sites and links of a day. Past days are kept in memory, so that the slider plays without waiting.

import { all } from '../api/client';
import type { Link, Site } from '../api/types';

export interface Network {
  sites: Site[];
  links: Link[];
  site: Map<string, Site>;
}

const kKept = 80; // days in memory
const past = new Map<string, Promise<Network>>();

async function read(day: string | null, signal?: AbortSignal): Promise<Network> {
  const [sites, links] = await Promise.all([
    all<Site>('/sites', { as_of: day }, signal),
    all<Link>('/links', { as_of: day }, signal),
  ]);
  return { sites, links, site: new Map(sites.map((site) => [site.id, site])) };
}

/** The network as of a day ("2011-10-28"), or as of now for null. */
export function network(day: string | null, signal?: AbortSignal): Promise<Network> {
  if (day === null) return read(null, signal);
  let found = past.get(day);
  if (!found) {
    found = read(day);
    found.catch(() => past.delete(day));
    past.set(day, found);
    const oldest = past.keys().next().value;
    if (past.size > kKept && oldest !== undefined) past.delete(oldest);
  }
  return found;
}

/** After a change what was read of past days may be wrong. */
export function forgetNetwork(): void {
  past.clear();
}

/** In service on the day: activated by then and not retired. */
export function inService(link: Link, day: string): boolean {
  return !!link.activated && link.activated <= day && (!link.retired || link.retired > day);
}

export function siteName(net: Network | null, id: string): string {
  return net?.site.get(id)?.name ?? id;
}

/** "Santiago–Panamá" */
export function linkName(net: Network | null, link: { a: string; b: string }): string {
  return `${siteName(net, link.a)}–${siteName(net, link.b)}`;
}
