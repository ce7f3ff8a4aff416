import { describe, expect, it } from 'vitest';
import type { TimelineEntry } from '../api/types';
import { dayAt, makeScale, nextStop, positionOf, stopBefore, years } from './timeline';

const entry = (date: string, what = 'activated'): TimelineEntry => ({
  date,
  kind: 'links',
  id: date,
  what,
  name: date,
});
const entries = ['2004-11-01', '2005-02-01', '2005-02-01', '2008-04-01', '2011-07-06', '2011-10-28', '2031-01-01'].map(
  (day) => entry(day),
);
const today = '2026-01-10';
const scale = makeScale(entries, today)!;

describe("the slider's scale", () => {
  it('stops at each day of change once, and not in the future', () => {
    expect(scale.stops).toEqual(['2004-11-01', '2005-02-01', '2008-04-01', '2011-07-06', '2011-10-28']);
  });

  it('begins before the first change and ends today', () => {
    expect(dayAt(scale, 0)).toBe('2004-09-02');
    expect(dayAt(scale, scale.last)).toBe(today);
    expect(positionOf(scale, null)).toBe(scale.last);
    expect(positionOf(scale, '1999-01-01')).toBe(0);
  });

  it('gives every day of the growth its own position, and back', () => {
    for (let position = 0; position < positionOf(scale, '2011-11-27'); position++)
      expect(positionOf(scale, dayAt(scale, position))).toBe(position);
  });

  it('is broken where years pass without a change', () => {
    expect(scale.broken).toBe(true);
    expect(positionOf(scale, '2018-06-01')).toBeLessThan(scale.last);
    expect(makeScale([entry('2025-12-01')], today)!.broken).toBe(false);
  });

  it('plays from change to change, and then to today', () => {
    const played = [];
    for (let day: string | null = scale.stops[0]!; day; day = nextStop(scale, day)) played.push(day);
    expect(played).toEqual(scale.stops);
  });

  it('knows what the network looked like between two changes', () => {
    expect(stopBefore(scale, '2010-01-01')).toBe('2008-04-01');
    expect(stopBefore(scale, '2008-04-01')).toBe('2008-04-01');
    expect(stopBefore(scale, '2004-01-01')).toBeNull();
  });

  it('marks the years that begin within it', () => {
    expect(years(scale).map((mark) => mark.year)).toEqual([2005, 2006, 2007, 2008, 2009, 2010, 2011]);
  });

  it('is absent where nothing has a date', () => {
    expect(makeScale([], today)).toBeNull();
    expect(makeScale([entry('2031-01-01')], today)).toBeNull();
  });
});
