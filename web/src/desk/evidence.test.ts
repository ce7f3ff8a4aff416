import { describe, expect, it } from 'vitest';
import { plotsOf, timesOf } from './evidence';
import type { Evidence } from './types';

const evidence: Evidence = {
  id: 1,
  kind: 'series',
  object: 'pair:a/b',
  title: '',
  description: '',
  frozen: '',
  columns: [
    { name: 'time', unit: 's', values: [60, 120] },
    { name: 'delay_median', unit: 'us', values: [12_000, null] },
    { name: 'loss', unit: 'fraction', values: [0, 0.5] },
    { name: 'delay_p95', unit: 'us', values: [15_000, 16_000] },
  ],
};

describe('frozen series', () => {
  it('have milliseconds for the chart', () => expect(timesOf(evidence)).toEqual([60_000, 120_000]));

  it('are drawn one chart a unit, in the order of the columns', () => {
    const plots = plotsOf(evidence);
    expect(plots.map((plot) => [plot.unit, plot.lines.length])).toEqual([
      ['us', 2],
      ['fraction', 1],
    ]);
    expect(plots[0]!.lines[0]!.values).toEqual([12, null]);
    expect(plots[0]!.lines.map((line) => line.dashed)).toEqual([false, true]);
  });

  it('nothing is drawn of nothing', () => expect(plotsOf({ ...evidence, columns: undefined })).toEqual([]));
});
