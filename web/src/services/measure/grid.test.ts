import { describe, expect, it } from 'vitest';
import type { Pair, PairState, Verdict } from '../../api/types';
import { figureOf, lookOf, sortPoints } from './grid';

const pair = (from: string, to: string, state: PairState, bulk?: Verdict): Pair =>
  ({
    from,
    to,
    state,
    loss: 0.5,
    ipdv_us: 3,
    delay_median_us: 20_000,
    above_floor_us: -2,
    ...(bulk ? { quality: { interactive: 'good', bulk, usual: 'good' } } : {}),
  }) as Pair;

describe('the grid', () => {
  it('shows one figure of a pair', () => {
    const one = pair('a', 'b', 'good');
    expect(['delay', 'above', 'jitter', 'loss'].map((metric) => figureOf(one, metric as 'delay'))).toEqual([
      20_000, -2, 3, 0.5,
    ]);
    expect(figureOf({ ...one, above_floor_us: undefined }, 'above')).toBeNull();
  });

  it('looks as the hub judges by the profile, else as the pair is', () => {
    expect(lookOf(pair('a', 'b', 'slow', 'poor'), null)).toBe('slow');
    expect(lookOf(pair('a', 'b', 'slow', 'poor'), 'bulk')).toBe('poor');
    expect(lookOf(pair('a', 'b', 'slow'), 'bulk')).toBe('unknown');
  });

  it('orders its points by the map, by name, or with the worst first', () => {
    const pairs = [pair('lima', 'quito', 'good'), pair('quito', 'bogota', 'slow'), pair('lima', 'bogota', 'down')];
    const latitude = (id: string) => ({ lima: -12, quito: 0, bogota: 5 })[id]!;
    const sorted = (order: 'north') =>
      sortPoints(
        pairs,
        order,
        (one) => one.state,
        (id) => id,
        latitude,
      );
    expect(sorted('north')).toEqual(['bogota', 'quito', 'lima']);
    expect(sorted('name' as 'north')).toEqual(['bogota', 'lima', 'quito']);
    expect(sorted('worst' as 'north')).toEqual(['bogota', 'lima', 'quito']);
  });
});
