// The span of time that a chart shows: a preset that ends now, or two fixed moments; and the step that suits it.

export const kPresets = ['1h', '6h', '24h', '7d', '30d'] as const;
export type Preset = (typeof kPresets)[number];

const kMinute = 60_000;
const kHour = 60 * kMinute;
const kLengths: Record<Preset, number> = {
  '1h': kHour,
  '6h': 6 * kHour,
  '24h': 24 * kHour,
  '7d': 168 * kHour,
  '30d': 720 * kHour,
};
const kSteps = [60, 300, 900, 3600, 10_800, 21_600, 86_400]; // seconds
const kPoints = 400; // at most on a chart

export interface Range {
  since: number;
  until: number;
  /** Seconds. */
  step: number;
  /** Ends now and follows the clock. */
  preset: Preset | null;
}

export function stepFor(lengthMs: number): number {
  return kSteps.find((step) => lengthMs / 1000 / step <= kPoints) ?? kSteps.at(-1)!;
}

/** From the address's `since` and `until` (RFC 3339), else its `range`, else the preset given. */
export function readRange(query: URLSearchParams, now: number, fallback: Preset = '1h'): Range {
  const since = Date.parse(query.get('since') ?? '');
  const until = Date.parse(query.get('until') ?? '');
  if (since < until) return { since, until, step: stepFor(until - since), preset: null };
  const preset = kPresets.find((one) => one === query.get('range')) ?? fallback;
  return { since: now - kLengths[preset], until: now, step: stepFor(kLengths[preset]), preset };
}

/** Where a chart that follows the clock ends: now, or at the end of the day as of which the portal shows the network. */
export function endOf(asOf: string | null, now: number): number {
  return asOf ? Math.min(Date.parse(`${asOf}T00:00:00Z`) + 24 * kHour, now) : now;
}

/** To the second, as an address carries it. */
export function stamp(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}
