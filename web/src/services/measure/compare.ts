// What a comparison of two networks' ways means, in the reader's words.

import { t } from '../../i18n/index.svelte';
import { delay, percent } from '../../lib/format';

export type Side = 'research' | 'commodity';
export type Verdict =
  'no-difference' | 'longer-fibre' | 'detour' | 'queueing' | 'asymmetric-route' | 'loss' | 'clock-fault' | 'undecided';

export interface Difference {
  median_us: number;
  low_us: number;
  high_us: number;
  pairs: number;
}

export interface Segment {
  from: string;
  to: string;
  link: string;
  share_us: number;
  queue_us: number;
  floor_us?: number;
  /** Of the second look at a way that loses: probes to its end, those not answered, and what is lost on it. */
  probes: number;
  unanswered: number;
  loss?: number;
}

export interface Way {
  sent: number;
  lost: number;
  loss: number;
  there_median_us?: number;
  back_median_us?: number;
  round_trip_min_us?: number;
  round_trip_median_us?: number;
  earlier_min_us?: number;
  segments: Segment[];
  there: string[];
  back: string[];
  failed: string;
}

export interface Outcome {
  verdict: Verdict;
  slower?: Side;
  there?: Difference;
  back?: Difference;
  round_trip?: Difference;
  least_us: number;
  clock_error_us: number;
  amount_us?: number;
  amount_loss?: number;
  at: string;
  direction?: 'there' | 'back';
  part_at: string;
  better_route: string[];
  light_us?: number;
  /** Ends whose clock was known to be wrong then. */
  clock_fault?: string[];
  research: Way;
  commodity: Way;
}

export interface Comparison {
  id: number;
  from: string;
  host: string;
  to: string;
  target: string;
  asked: string;
  state: 'waiting' | 'done' | 'failed';
  reason: string;
  outcome?: Outcome;
}

function where({ direction, at }: Outcome): string {
  return [direction && t(`compare.on.${direction}`), at && t('compare.at', { at })].filter(Boolean).join(', ');
}

export function sentence(comparison: Comparison, nameOf: (site: string) => string): string {
  const outcome = comparison.outcome;
  if (comparison.state === 'waiting') return t('compare.waiting');
  if (!outcome) return t('compare.failed', { reason: comparison.reason });
  return t(`compare.is.${outcome.verdict}`, {
    side: outcome.slower ?? 'research',
    amount: delay(Math.abs(outcome.amount_us ?? 0)),
    least: delay(outcome.least_us),
    loss: percent(outcome.amount_loss ?? 0),
    where: where(outcome),
    route: outcome.better_route.join(', '),
    from: nameOf(comparison.from),
    to: comparison.to ? nameOf(comparison.to) : comparison.host,
  }).trim();
}

export function signed(us: number): string {
  return (us > 0 ? '+' : us < 0 ? '−' : '') + delay(Math.abs(us));
}
