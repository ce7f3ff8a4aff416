import { describe, expect, it } from 'vitest';
import { dayOf, fromLocal, toLocal } from '../../lib/local';
import { beside, itemsOn, monthOf, weeksOf, type Item } from './month';

describe('months', () => {
  it('are whole weeks from Monday on', () => {
    const weeks = weeksOf('2026-11'); // 1 November 2026 is a Sunday
    expect(weeks.map((week) => dayOf(week[0]!))).toEqual([
      '2026-10-26',
      '2026-11-02',
      '2026-11-09',
      '2026-11-16',
      '2026-11-23',
      '2026-11-30',
    ]);
    expect(weeksOf('2027-02').length).toBe(4); // 28 days from a Monday
  });

  it('follow each other over the year', () => {
    expect(beside('2026-12', 1)).toBe('2027-01');
    expect(beside('2026-01', -1)).toBe('2025-12');
  });

  it('come from the address, else from the day', () => {
    const now = new Date(2026, 10, 28);
    expect(monthOf('2011-10', now)).toBe('2011-10');
    expect(monthOf('2011-13', now)).toBe('2026-11');
    expect(monthOf(null, now)).toBe('2026-11');
  });

  it('show on a day what touches it, not what ends as it begins', () => {
    const at = (day: number, hour: number) => new Date(2026, 10, day, hour).toISOString();
    const item = (key: string, begin: string, end: string): Item => ({
      key,
      kind: 'maintenance',
      title: key,
      path: '/',
      begin,
      end,
      state: 'planned',
    });
    const items = [
      item('late', at(28, 22), at(29, 2)),
      item('early', at(27, 22), at(28, 0)),
      item('day', at(28, 9), at(28, 10)),
    ];
    expect(itemsOn(items, new Date(2026, 10, 28)).map((one) => one.key)).toEqual(['day', 'late']);
    expect(itemsOn(items, new Date(2026, 10, 29)).map((one) => one.key)).toEqual(['late']);
  });
});

describe('times of forms', () => {
  it('go there and back', () => {
    const text = '2026-11-28T14:30';
    expect(toLocal(fromLocal(text))).toBe(text);
    expect(fromLocal('')).toBe('');
    expect(toLocal('nonsense')).toBe('');
  });
});
