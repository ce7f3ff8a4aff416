// What the mesh says of the network, in plain words.

import type { MeasuredLink, Pair, Summary } from '../../api/types';
import { t } from '../../i18n/index.svelte';
import { decimal, delay, percent } from '../../lib/format';

/** "All 17 links are up. Two pairs are slower than usual." */
export function networkSentence(summary: Summary): string {
  const links = summary.links_up + summary.links_down + summary.links_degraded;
  const sentences: string[] = [];
  if (links === 0) sentences.push(t('now.noLinks'));
  else if (summary.links_down > 0) sentences.push(t('now.linksDown', { down: summary.links_down, total: links }));
  else if (summary.links_degraded > 0)
    sentences.push(t('now.linksDegraded', { degraded: summary.links_degraded, total: links }));
  else sentences.push(t('now.linksUp', { total: links }));
  if (summary.pairs_down > 0) sentences.push(t('now.pairsDown', { count: summary.pairs_down }));
  if (summary.pairs_lossy > 0) sentences.push(t('now.pairsLossy', { count: summary.pairs_lossy }));
  if (summary.pairs_slow > 0) sentences.push(t('now.pairsSlow', { count: summary.pairs_slow }));
  if (links > 0 && summary.pairs_unknown > 0 && summary.pairs_unknown === summary.pairs_total)
    sentences.push(t('now.noMeasures'));
  return sentences.join(' ');
}

/** Microseconds above what light needs: up to the first a link is near it, up to the second longer, beyond far. */
const kNear = 2000;
const kLonger = 20_000;

/** How a link looks on the map of delay above the floor. What the clocks can't show is not held against it. */
export function floorLook(link: MeasuredLink | undefined): 'near' | 'longer' | 'far' | 'down' | 'clock' | 'unknown' {
  if (link?.state === 'down') return 'down';
  if (link?.clock_fault?.length) return 'clock';
  if (link?.above_floor_us == null) return 'unknown';
  const error = Math.max(link.forward?.clock_error_us ?? 0, link.backward?.clock_error_us ?? 0);
  const above = link.above_floor_us - error;
  return above > kLonger ? 'far' : above > kNear ? 'longer' : 'near';
}

export interface Figure {
  label: string;
  value: string;
}

/** The three figures of a direction: delay, jitter, loss. */
export function figures(pair: Pair | null | undefined): Figure[] {
  return [
    { label: t('measure.delay'), value: delay(pair?.delay_median_us, pair?.clock_error_us) },
    { label: t('measure.jitter'), value: delay(pair?.ipdv_us, pair?.clock_error_us) },
    { label: t('measure.loss'), value: percent(pair?.loss) },
  ];
}

const decimals = (step: number) => Math.min(3, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
/** Marks of a chart's axis that are this far apart. */
export const tickMs = (value: number, step: number) => `${decimal(value, decimals(step))} ms`;
export const tickPercent = (value: number, step: number) => `${decimal(value, decimals(step))} %`;
