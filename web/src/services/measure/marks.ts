// Events as marks along a time axis: those that would lie on one another are one mark.

export interface Marked<T> {
  /** Share of the span, 0..1. */
  at: number;
  events: T[];
}

export function marksAlong<T extends { time: string }>(
  events: T[],
  since: number,
  until: number,
  apart: number,
): Marked<T>[] {
  const sorted = events
    .map((event) => ({ event, at: (Date.parse(event.time) - since) / Math.max(1, until - since) }))
    .filter(({ at }) => at >= 0 && at <= 1)
    .sort((x, y) => x.at - y.at);
  const marks: Marked<T>[] = [];
  for (const { event, at } of sorted) {
    const last = marks.at(-1);
    if (last && at - last.at < apart) last.events.push(event);
    else marks.push({ at, events: [event] });
  }
  return marks;
}
