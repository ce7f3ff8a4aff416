import { describe, expect, it } from 'vitest';
import { ago, capacity, compare, day, decimalsFor, delay, distance, milliseconds, percent } from './format';

const plain = (text: string) => text.replace(/\u00a0/g, ' ');

describe('delays are never shown finer than the clock error', () => {
  it.each([
    [1, 3],
    [10, 2],
    [11, 1],
    [80, 1],
    [100, 1],
    [150, 0],
    [1000, 0],
    [2000, 0],
  ])('an error of %i us leaves %i decimals', (error, decimals) => expect(decimalsFor(error)).toBe(decimals));

  it('rounds to the decimals that are left', () => {
    expect(milliseconds(12_345, 80)).toBe('12.3');
    expect(milliseconds(12_345, 150)).toBe('12');
    expect(milliseconds(12_345, null)).toBe('12.345');
  });

  it('says "less than" where the clock cannot tell the value from nought', () => {
    expect(plain(delay(40, 80))).toBe('< 0.1 ms');
    expect(plain(delay(400, 2000))).toBe('< 2 ms');
    expect(plain(delay(0, 80))).toBe('0.0 ms');
  });

  it('shows nothing for nothing', () => {
    expect(delay(null, 80)).toBe('–');
    expect(delay(undefined)).toBe('–');
  });
});

describe('units', () => {
  it('percent never hides a loss as 0 %', () => {
    expect(plain(percent(0))).toBe('0 %');
    expect(plain(percent(0.0001))).toBe('0.01 %');
    expect(plain(percent(0.024))).toBe('2.4 %');
    expect(plain(percent(1))).toBe('100 %');
    expect(percent(null)).toBe('–');
  });

  it('capacity and distance', () => {
    expect(plain(capacity(622_080_000))).toBe('622 Mb/s');
    expect(plain(capacity(10_000_000_000))).toBe('10 Gb/s');
    expect(plain(capacity(800))).toBe('800 b/s');
    expect(plain(distance(7_200_000))).toBe('7,200 km');
    expect(plain(distance(1_500))).toBe('1.5 km');
    expect(plain(distance(90))).toBe('90 m');
  });

  it('days are those of the registry in every time zone', () => {
    expect(day('2011-10-28')).toBe('Oct 28, 2011');
    expect(day('2011-10-28T23:59:00Z')).toBe('Oct 28, 2011');
    expect(day('soon')).toBe('soon');
    expect(day(null)).toBe('–');
  });

  it('tells how long ago', () => {
    const now = Date.parse('2026-01-10T12:00:00Z');
    expect(ago('2026-01-10T11:58:00Z', now)).toBe('2 min. ago');
    expect(ago('2026-01-09T12:00:00Z', now)).toBe('yesterday');
  });

  it('compares names as people do', () => {
    expect(['link-10', 'Álamo', 'link-9', 'zulu'].sort(compare)).toEqual(['Álamo', 'link-9', 'link-10', 'zulu']);
    expect(compare(9, 10)).toBeLessThan(0);
  });
});
