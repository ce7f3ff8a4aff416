// The slider's scale. The network's growth fills it evenly by days; "today", which may be years later, is its last stop.

import type { TimelineEntry } from '../api/types';

const kDayMs = 86_400_000;
const kBefore = 60; // days shown before the first thing happened
const kAfter = 30; // and after the last
const kGrowth = new Set(['activated', 'retired', 'since', 'until', 'planned']);

export interface Scale {
  /** Day of position 0. */
  first: string;
  /** Position of today: the last one. */
  last: number;
  today: string;
  /** Days on which something happened, ascending and distinct, none after today. */
  stops: string[];
  /** Several years lie between the last stop and today: the scale is broken there. */
  broken: boolean;
}

const number = (day: string) => Math.round(Date.parse(`${day}T00:00:00Z`) / kDayMs);
const text = (day: number) => new Date(day * kDayMs).toISOString().slice(0, 10);

export function makeScale(entries: TimelineEntry[], today: string): Scale | null {
  const days = entries.filter((entry) => kGrowth.has(entry.what) && entry.date <= today).map((entry) => entry.date);
  const stops = [...new Set(days)].sort();
  if (stops.length === 0) return null;
  const first = number(stops[0]!) - kBefore;
  const end = Math.min(number(stops.at(-1)!) + kAfter, number(today));
  const broken = number(today) - end > 365;
  return {
    first: text(first),
    last: end - first + (broken ? Math.ceil((end - first) * 0.06) : 0),
    today,
    stops,
    broken,
  };
}

export function dayAt(scale: Scale, position: number): string {
  if (position >= scale.last) return scale.today;
  const end = Math.min(number(scale.stops.at(-1)!) + kAfter, number(scale.today));
  return text(Math.min(number(scale.first) + position, end));
}

export function positionOf(scale: Scale, day: string | null): number {
  if (day === null || day >= scale.today) return scale.last;
  const end = Math.min(number(scale.stops.at(-1)!) + kAfter, number(scale.today));
  return Math.max(0, Math.min(number(day), end) - number(scale.first));
}

/** The stop after a day while the growth is played; null once today comes next. */
export function nextStop(scale: Scale, day: string | null): string | null {
  return scale.stops.find((stop) => day !== null && stop > day) ?? null;
}

/** The last stop on or before the day: what the network then looked like. Null before the first. */
export function stopBefore(scale: Scale, day: string): string | null {
  return scale.stops.filter((stop) => stop <= day).at(-1) ?? null;
}

/** Years that begin within the scale, with their share (0..1) of it. */
export function years(scale: Scale): { year: number; share: number }[] {
  const out = [];
  const from = Number(scale.first.slice(0, 4)) + 1;
  const to = Number(scale.stops.at(-1)!.slice(0, 4)) + 1;
  for (let year = from; year <= to; year++) {
    const position = number(`${year}-01-01`) - number(scale.first);
    if (position < scale.last && dayAt(scale, position) === `${year}-01-01`)
      out.push({ year, share: position / scale.last });
  }
  return out;
}
