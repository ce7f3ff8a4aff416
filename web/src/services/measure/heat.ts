// Histograms over time as a picture: where each cell lies, how dark it is, and what stands on the axis.

export interface Heat {
  since: string;
  until: string;
  step_s: number;
  clock_error_us: number;
  /** Edges of the rows, one more than there are rows. */
  bounds_us: number[];
  steps: { time: string; received: number; lost: number; counts: number[] }[];
}

export interface Cell {
  /** Milliseconds. */
  time: number;
  row: number;
  packets: number;
  /** Of the step's packets, 0..1. */
  share: number;
}

export function cellsOf(heat: Heat): Cell[] {
  return heat.steps.flatMap((step) =>
    step.counts.flatMap((packets, row) =>
      packets > 0 ? [{ time: Date.parse(step.time), row, packets, share: packets / Math.max(1, step.received) }] : [],
    ),
  );
}

/** Ink of a cell, 0.12..1: a single packet is to be seen, too. */
export function ink(share: number): number {
  return 0.12 + 0.88 * Math.sqrt(Math.min(1, Math.max(0, share)));
}

/** The rows of both directions on one axis: from the lowest edge of either to the highest. */
export function spanOf(heats: (Heat | null)[]): [number, number] | null {
  const edges = heats.flatMap((heat) => heat?.bounds_us ?? []);
  return edges.length === 0 ? null : [Math.max(1, Math.min(...edges)), Math.max(...edges)];
}

/** How far up the axis a delay stands, 0 (bottom) to 1, by factors. */
export function heightOf(us: number, [low, high]: [number, number]): number {
  if (high <= low) return 0.5;
  return Math.log(Math.max(us, low) / low) / Math.log(high / low);
}

/** Delays to be named beside the axis, at most so many: as round as there is room for. */
export function marksOf([low, high]: [number, number], most: number): number[] {
  const round = [1, 2, 5].flatMap((digit) => [0, 1, 2, 3, 4, 5, 6, 7].map((power) => digit * 10 ** power));
  const inside = round.filter((us) => us >= low && us <= high).sort((x, y) => x - y);
  const marks = inside.length >= 2 ? inside : evenly(low, high);
  const every = Math.ceil(marks.length / most);
  return marks.filter((_one, i) => i % every === 0);
}

/** Decimals of milliseconds that tell a mark from its neighbours, at most three. */
export function digitsOf(marks: number[], i: number): number {
  const us = marks[i]!;
  const apart = Math.min(i === 0 ? us : us - marks[i - 1]!, (marks[i + 1] ?? Infinity) - us);
  return Math.min(3, Math.max(0, Math.ceil(-Math.log10(apart / 1000) - 1e-9)));
}

/** A narrow axis holds no round figure, or one: steps of one, two or five of the next smaller unit then. */
function evenly(low: number, high: number): number[] {
  const rough = Math.max((high - low) / 4, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((one) => one >= rough)!;
  const marks = [];
  for (let us = Math.ceil(low / step) * step; us <= high; us += step) marks.push(us);
  return marks;
}
