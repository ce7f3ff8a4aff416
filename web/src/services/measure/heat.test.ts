import { describe, expect, it } from 'vitest';
import { cellsOf, digitsOf, heightOf, ink, marksOf, spanOf, type Heat } from './heat';

const heat: Heat = {
  since: '2026-01-10T12:00:00Z',
  until: '2026-01-10T12:02:00Z',
  step_s: 60,
  clock_error_us: 1,
  bounds_us: [1000, 2000, 4000],
  steps: [
    { time: '2026-01-10T12:00:00Z', received: 90, lost: 0, counts: [90, 0] },
    { time: '2026-01-10T12:01:00Z', received: 80, lost: 10, counts: [60, 20] },
  ],
};

describe('the picture of histograms', () => {
  it('has a cell wherever packets came', () => {
    expect(cellsOf(heat).map(({ row, packets, share }) => [row, packets, share])).toEqual([
      [0, 90, 1],
      [0, 60, 0.75],
      [1, 20, 0.25],
    ]);
  });

  it('shows a single packet, too', () => {
    expect(ink(1 / 90)).toBeGreaterThan(0.2);
    expect(ink(1)).toBe(1);
  });

  it('puts both directions on one axis that grows by factors', () => {
    const span = spanOf([heat, { ...heat, bounds_us: [500, 1000] }, null])!;
    expect(span).toEqual([500, 4000]);
    expect(heightOf(500, span)).toBe(0);
    expect(heightOf(4000, span)).toBe(1);
    expect(heightOf(1000, span)).toBeCloseTo(1 / 3);
    expect(spanOf([null, { ...heat, bounds_us: [] }])).toBeNull();
  });

  it('names round delays, and never too many', () => {
    expect(marksOf([900, 60_000], 8)).toEqual([1000, 2000, 5000, 10_000, 20_000, 50_000]);
    expect(marksOf([900, 60_000], 3)).toEqual([1000, 5000, 20_000]);
    const narrow = marksOf([30_100, 31_700], 6);
    expect(narrow.length).toBeGreaterThanOrEqual(2);
    for (const us of narrow) expect(us % 500).toBe(0);
  });

  it('names each delay with as many decimals as tell it from its neighbours', () => {
    const digits = (marks: number[]) => marks.map((_us, i) => digitsOf(marks, i));
    expect(digits([1, 20, 500, 10_000, 100_000])).toEqual([3, 2, 1, 0, 0]);
    expect(digits([7400, 7500, 7600])).toEqual([1, 1, 1]);
    expect(digits([1000, 2000, 5000])).toEqual([0, 0, 0]);
  });
});
