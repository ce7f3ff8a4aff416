// A month as weeks of days, and what happens on each of them.

import { dayOf } from '../../lib/local';

export interface Item {
  key: string;
  kind: 'maintenance' | 'on-call' | 'meeting';
  title: string;
  path: string;
  begin: string;
  end: string;
  state: string;
}

const kMonth = /^(\d{4})-(0[1-9]|1[0-2])$/;

/** "2026-11" of an address, else the present one. */
export function monthOf(text: string | null, now: Date): string {
  return text && kMonth.test(text) ? text : dayOf(now).slice(0, 7);
}

export function beside(month: string, by: number): string {
  const [year, number] = month.split('-').map(Number) as [number, number];
  return dayOf(new Date(year, number - 1 + by, 1)).slice(0, 7);
}

/** Whole weeks from Monday to Sunday that hold the month. */
export function weeksOf(month: string): Date[][] {
  const [year, number] = month.split('-').map(Number) as [number, number];
  const first = new Date(year, number - 1, 1);
  const day = new Date(year, number - 1, 1 - ((first.getDay() + 6) % 7));
  const weeks: Date[][] = [];
  do {
    weeks.push(Array.from({ length: 7 }, (_one, i) => new Date(day.getFullYear(), day.getMonth(), day.getDate() + i)));
    day.setDate(day.getDate() + 7);
  } while (day.getMonth() === number - 1 && day.getFullYear() === year);
  return weeks;
}

/** What touches a day, begun earlier first. */
export function itemsOn(items: Item[], day: Date): Item[] {
  const from = day.getTime();
  const to = new Date(day.getFullYear(), day.getMonth(), day.getDate() + 1).getTime();
  return items
    .filter((item) => Date.parse(item.begin) < to && Date.parse(item.end) > from)
    .sort((x, y) => Date.parse(x.begin) - Date.parse(y.begin));
}
