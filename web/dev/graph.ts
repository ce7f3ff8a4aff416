// Shortest paths over the fixture's links, by cable length.

import type { Plain } from './redclara';

export interface Path {
  sites: string[];
  km: number;
}

/** Shortest path from one site to another, or null when they are apart. */
export function shortest(links: Plain[], from: string, to: string): Path | null {
  const distance = new Map<string, number>([[from, 0]]);
  const previous = new Map<string, string>();
  const open = new Set([from]);
  while (open.size > 0) {
    const here = [...open].reduce((best, site) => (distance.get(site)! < distance.get(best)! ? site : best));
    open.delete(here);
    if (here === to) break;
    for (const link of links) {
      const next = link['a'] === here ? link['b'] : link['b'] === here ? link['a'] : null;
      if (typeof next !== 'string') continue;
      const through = distance.get(here)! + Number(link['length']) / 1000;
      if (through < (distance.get(next) ?? Infinity)) {
        distance.set(next, through);
        previous.set(next, here);
        open.add(next);
      }
    }
  }
  if (!distance.has(to)) return null;
  const sites = [to];
  while (sites[0] !== from) sites.unshift(previous.get(sites[0]!)!);
  return { sites, km: distance.get(to)! };
}
