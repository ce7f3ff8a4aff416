import { expect, test } from 'vitest';
import type { MeasuredRecord } from '../../api/types';
import { align, faultsOf, lossLine, toldOf } from './series';

const minute = (number: number, more: Partial<MeasuredRecord> = {}) =>
  ({
    time: new Date(number * 60_000).toISOString(),
    step_s: 60,
    sent: 90,
    lost: 0,
    delay_median_us: 30_000,
    clock_error_us: 10,
    ttl: 252,
    ...more,
  }) as MeasuredRecord;

test('both directions stand on common times, and a gap breaks the line', () => {
  const both = align([minute(0), minute(1), minute(5)], [minute(1)], 60);
  expect(both.times).toEqual([0, 60_000, 120_000, 300_000]);
  expect(both.forward.map((one) => one?.sent ?? null)).toEqual([90, 90, null, 90]);
  expect(both.backward.map((one) => one?.sent ?? null)).toEqual([null, 90, null, null]);
  expect(lossLine({ label: '', records: both.forward, dashed: false }).values).toEqual([0, 0, null, 0]);
});

test('minutes with a wrong clock that follow each other are one stretch', () => {
  const wrong = { clock_fault: ['panama'] };
  const both = align([minute(0, wrong), minute(1), minute(2, wrong)], [minute(1, wrong), minute(4, wrong)], 60);
  expect(faultsOf(both, 60)).toEqual({
    sites: ['panama'],
    shades: [
      { since: 0, until: 180_000 },
      { since: 240_000, until: 300_000 },
    ],
  });
});

test('a stretch of minutes is told by its middle, its loss by all packets', () => {
  const told = toldOf([
    minute(0),
    minute(1, { delay_median_us: 90_000, lost: 45 }),
    minute(2, { delay_median_us: null }),
  ]);
  expect(told).toEqual({ minutes: 3, delay_us: 90_000, loss: 45 / 270, ttl: 252, clock_error_us: 10 });
  expect(toldOf([])).toEqual({ minutes: 0, delay_us: null, loss: null, ttl: null, clock_error_us: 0 });
});
