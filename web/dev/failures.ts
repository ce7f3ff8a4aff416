// The fixture's what-if: who is cut off and what each shortest path becomes.

import type { Failure } from '../src/api/types';
import { shortest } from './graph';
import type { Plain } from './redclara';
import type { World } from './world';

export function whatIf(world: World, links: Plain[], sites: string[], failed: string[], withPaths = false): Failure {
  const pops = world.pops();
  const rest = links.filter(
    (link) => !failed.includes(link.id) && !sites.includes(String(link['a'])) && !sites.includes(String(link['b'])),
  );
  const standing = pops.filter((pop) => !sites.includes(pop));
  const paths: NonNullable<Failure['paths']> = [];
  let cut = 0;
  let rerouted = 0;
  let stretch = 1;
  const reach = new Map<string, number>();
  for (const from of standing)
    for (const to of standing) {
      if (from >= to) continue;
      const before = shortest(links, from, to);
      if (!before) continue;
      const after = shortest(rest, from, to);
      if (after) for (const end of [from, to]) reach.set(end, (reach.get(end) ?? 0) + 1);
      if (after && after.sites.join() === before.sites.join()) continue;
      if (after) {
        rerouted++;
        stretch = Math.max(stretch, after.km / before.km);
      } else cut++;
      if (withPaths)
        paths.push({
          from,
          to,
          before: before.sites,
          after: after?.sites ?? null,
          before_km: before.km,
          after_km: after?.km ?? null,
        });
    }
  const cutOff = standing.filter((site) => (reach.get(site) ?? 0) < (standing.length - 1) / 2);
  return {
    failed: [...sites.map((id) => ({ kind: 'sites', id })), ...failed.map((id) => ({ kind: 'links', id }))],
    cut_off: cutOff,
    organisations_cut_off: [],
    pairs_cut: cut,
    pairs_rerouted: rerouted,
    worst_stretch: stretch,
    ...(withPaths ? { paths } : {}),
  };
}

/** Every single or double failure, most harmful first. */
export function failuresOf(world: World, links: Plain[], order: number): Failure[] {
  const parts = [...links.map((link) => ['', link.id]), ...world.pops().map((pop) => [pop, ''])] as [string, string][];
  const sets =
    order === 1 ? parts.map((part) => [part]) : parts.flatMap((x, i) => parts.slice(i + 1).map((y) => [x, y]));
  const only = (index: 0 | 1) => (set: [string, string][]) => set.map((part) => part[index]).filter(Boolean);
  return sets
    .map((set) => whatIf(world, links, only(0)(set), only(1)(set)))
    .sort(
      (x, y) => y.pairs_cut - x.pairs_cut || y.pairs_rerouted - x.pairs_rerouted || y.worst_stretch - x.worst_stretch,
    );
}
