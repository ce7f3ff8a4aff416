// Frozen series as charts: one chart a unit, a line a column.

import { known } from '../i18n/index.svelte';
import { count, decimal, delay, percent } from '../lib/format';
import type { Line } from '../parts/Chart.svelte';
import type { Evidence, EvidenceColumn } from './types';

export interface Plot {
  unit: string;
  columns: EvidenceColumn[];
  lines: Line[];
}

export const columnName = (name: string): string => known(`evidence.${name}`) ?? name.replace(/_/g, ' ');

export function timesOf(evidence: Evidence): number[] {
  const time = evidence.columns?.find((column) => column.name === 'time');
  return (time?.values ?? []).map((seconds) => (seconds ?? 0) * 1000);
}

/** Columns of one unit together, in the order in which the units occur; at most eight lines each. */
export function plotsOf(evidence: Evidence): Plot[] {
  const plots = new Map<string, EvidenceColumn[]>();
  for (const column of evidence.columns ?? [])
    if (column.name !== 'time') plots.set(column.unit, [...(plots.get(column.unit) ?? []), column]);
  return [...plots].map(([unit, columns]) => ({
    unit,
    columns,
    lines: columns.slice(0, 8).map((column, i) => ({
      label: columnName(column.name),
      values: unit === 'us' ? column.values.map((value) => (value === null ? null : value / 1000)) : column.values,
      colour: i + 1,
      dashed: i % 2 === 1,
    })),
  }));
}

export function valueText(unit: string, value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  if (unit === 'us') return delay(value, 100);
  if (unit === 'fraction') return percent(value);
  return Number.isInteger(value) ? count(value) : decimal(value, 2);
}

/** Text of a mark of the axis, whose marks are `step` apart. */
export function tickText(unit: string, value: number, step: number): string {
  if (unit === 'us') return `${decimal(value, step < 1 ? 1 : 0)}\u00a0ms`;
  if (unit === 'fraction') return percent(value);
  return Number.isInteger(value) ? count(value) : decimal(value, 1);
}
