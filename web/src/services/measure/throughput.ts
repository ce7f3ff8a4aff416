// Throughput tests as the hub tells them, and their words.

import { t, type Key } from '../../i18n/index.svelte';
import { moment, octets } from '../../lib/format';

export interface ThroughputTest {
  id: number;
  from: string;
  to: string;
  start: string;
  begins: string;
  until: string;
  protocol: 'tcp' | 'udp';
  duration_us: number;
  streams: number;
  rate_bps?: number;
  origin: 'regular' | 'asked';
  state: 'planned' | 'done' | 'failed' | 'cancelled' | 'expired';
  links?: string[] | null;
  traced?: boolean;
  expected_octets: number;
  asked_by?: string;
  why?: string;
}

export interface CalendarRefusal {
  wanted: string;
  from: string;
  to: string;
  origin: 'regular' | 'asked';
  reason: 'end-busy' | 'link-busy' | 'path-busy' | 'link-share' | 'too-much' | 'too-early' | 'too-late';
  what: string;
  object?: string;
  other?: number;
  other_from?: string;
  other_to?: string;
  other_begins?: string | null;
  other_until?: string | null;
  traced?: boolean;
  expected_octets?: number;
  used_octets?: number;
  limit_octets?: number;
  next_free?: string | null;
}

export interface CalendarPoint {
  site: string;
  state: 'able' | 'away' | 'without-iperf' | 'without-address' | 'no-site';
  problem?: string;
  iperf3?: string;
}

export interface CalendarProof {
  kept: boolean;
  tests: number;
  overlaps: { first: number; second: number; kind: string; object?: string }[];
}

export interface TestAnswer {
  free: boolean;
  test?: ThroughputTest | null;
  refusal?: CalendarRefusal | null;
}

export interface ThroughputResult {
  test: number;
  from: string;
  to: string;
  start: string;
  protocol: 'tcp' | 'udp';
  streams: number;
  duration_us: number;
  ok: boolean;
  error?: string;
  sent_bps: number;
  received_bps: number;
  retransmits?: number | null;
  rtt_min_us?: number | null;
  rtt_mean_us?: number | null;
  loss?: number | null;
  jitter_us?: number | null;
  program?: string;
}

type Names = (kind: 'sites' | 'links', id: string) => string;

/** Why a test found no place: which test, which point or link, when, which limit. */
export function refusalText(refusal: CalendarRefusal, nameOf: Names): string {
  const kind = refusal.reason === 'end-busy' ? 'sites' : 'links';
  const words = refusal.reason === 'link-busy' && refusal.traced ? 'link-busy-traced' : refusal.reason;
  return t(`throughput.refused.${words}` as Key, {
    object: refusal.object ? nameOf(kind, refusal.object) : '',
    other: String(refusal.other ?? 0),
    from: nameOf('sites', refusal.other_from ?? ''),
    to: nameOf('sites', refusal.other_to ?? ''),
    begins: moment(refusal.other_begins),
    until: moment(refusal.other_until),
    wanted: moment(refusal.wanted),
    expected: octets(refusal.expected_octets ?? 0),
    used: octets(refusal.used_octets ?? 0),
    limit: octets(refusal.limit_octets ?? 0),
  });
}

/** "Test 12: planned, 14:03": what stands in a row of the grid, for those who hear it. */
export const stateWord = (state: ThroughputTest['state']): string => t(`throughput.state.${state}` as Key);

/** Mark's tone by the state's name there. */
export const markOf: Record<ThroughputTest['state'], string> = {
  planned: 'planned',
  done: 'good',
  failed: 'failed',
  cancelled: 'stopped',
  expired: 'slow',
};
