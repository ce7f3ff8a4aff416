// What the grid shows of a pair, how it looks, and in which order the points stand.

import type { Pair, PairState, ProfileName, Verdict } from '../../api/types';

export const kMetrics = ['delay', 'above', 'jitter', 'loss'] as const;
export type Metric = (typeof kMetrics)[number];
export const kProfiles = ['interactive', 'bulk', 'usual'] as const satisfies readonly ProfileName[];
/** Of how long before now, or before the day's end, the figures are. */
export const kSpans = ['minute', 'hour', 'day', 'week'] as const;
export const kOrders = ['north', 'name', 'worst'] as const;
export type Order = (typeof kOrders)[number];
export type Look = PairState | Verdict;
/** From the worst. */
export const kWorst = ['down', 'poor', 'lossy', 'fair', 'slow', 'unknown', 'good'] as const satisfies readonly Look[];

export function figureOf(pair: Pair, metric: Metric): number | null {
  switch (metric) {
    case 'delay':
      return pair.delay_median_us ?? null;
    case 'above':
      return pair.above_floor_us ?? null;
    case 'jitter':
      return pair.ipdv_us ?? null;
    case 'loss':
      return pair.loss ?? null;
  }
}

/** By the profile, as the hub judges it; without one, the pair's state. */
export function lookOf(pair: Pair, profile: ProfileName | null): Look {
  return profile ? (pair.quality?.[profile] ?? 'unknown') : pair.state;
}

/** Points of all pairs: as they hang on the map, by name, or those with the worst pairs first. */
export function sortPoints(
  pairs: Pair[],
  order: Order,
  look: (pair: Pair) => Look,
  name: (id: string) => string,
  latitude: (id: string) => number,
): string[] {
  const points = [...new Set(pairs.flatMap((pair) => [pair.from, pair.to]))];
  const byName = (x: string, y: string) => name(x).localeCompare(name(y));
  if (order === 'name') return points.sort(byName);
  if (order === 'north') return points.sort((x, y) => latitude(y) - latitude(x) || byName(x, y));
  const weight = new Map(points.map((id) => [id, 0]));
  for (const pair of pairs) {
    const badness = 4 ** (kWorst.length - 1 - kWorst.findIndex((one) => one === look(pair)));
    for (const id of [pair.from, pair.to]) weight.set(id, weight.get(id)! + badness);
  }
  return points.sort((x, y) => weight.get(y)! - weight.get(x)! || byName(x, y));
}
