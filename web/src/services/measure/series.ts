// Records of both directions between two points as a chart's lines, on common times.

import type { MeasuredRecord } from '../../api/types';
import type { Line, Shade } from '../../parts/Chart.svelte';

export interface Both {
  times: number[];
  forward: (MeasuredRecord | null)[];
  backward: (MeasuredRecord | null)[];
}

/** A minute without a record breaks the line rather than being bridged. `step`: seconds. */
export function align(forward: MeasuredRecord[], backward: MeasuredRecord[], step: number): Both {
  const at = (records: MeasuredRecord[]) => new Map(records.map((record) => [Date.parse(record.time), record]));
  const [ahead, back] = [at(forward), at(backward)];
  const times = [...new Set([...ahead.keys(), ...back.keys()])].sort((x, y) => x - y);
  const apart = Math.max(step, forward[0]?.step_s ?? 0) * 1000;
  const whole = times.flatMap((time, i) =>
    i > 0 && time - times[i - 1]! > apart * 1.9 ? [times[i - 1]! + apart, time] : [time],
  );
  return {
    times: whole,
    forward: whole.map((time) => ahead.get(time) ?? null),
    backward: whole.map((time) => back.get(time) ?? null),
  };
}

export const lossOf = (record: MeasuredRecord | null) => (record && record.sent > 0 ? record.lost / record.sent : null);

/** From the widest: all packets, up to 99 %, 5 to 95 %, the middle half. */
const kFan = [
  ['delay_min_us', 'delay_max_us'],
  ['delay_p05_us', 'delay_p99_us'],
  ['delay_p05_us', 'delay_p95_us'],
  ['delay_p25_us', 'delay_p75_us'],
] as const;

/** A direction of a chart: A to B solid, B to A dashed. */
export interface Direction {
  label: string;
  records: (MeasuredRecord | null)[];
  dashed: boolean;
}

const look = (one: Direction) => ({ label: one.label, colour: one.dashed ? 2 : 1, dashed: one.dashed });

/** Medians with their fan; `whole`: the extremes too. */
export function delayLine(direction: Direction, whole: boolean): Line {
  const inMs = (pick: (record: MeasuredRecord) => number | null) =>
    direction.records.map((record) => {
      const us = record ? pick(record) : null;
      return us == null ? null : us / 1000;
    });
  return {
    ...look(direction),
    values: inMs((record) => record.delay_median_us),
    bands: kFan
      .slice(whole ? 0 : 2)
      .map(([low, high]) => [inMs((record) => record[low]), inMs((record) => record[high])]),
  };
}

export function lossLine(direction: Direction): Line {
  return {
    ...look(direction),
    values: direction.records.map((record) => {
      const loss = lossOf(record);
      return loss === null ? null : loss * 100;
    }),
  };
}

/** Whose clock was wrong, and when: stretches of steps that follow each other. */
export function faultsOf(both: Both, step: number): { sites: string[]; shades: Shade[] } {
  const sites = new Set<string>();
  const shades: Shade[] = [];
  for (const [i, time] of both.times.entries()) {
    const wrong = [both.forward[i], both.backward[i]].flatMap((record) => record?.clock_fault ?? []);
    if (wrong.length === 0) continue;
    for (const site of wrong) sites.add(site);
    const last = shades.at(-1);
    const until = time + step * 1000;
    if (last && time <= last.until) last.until = until;
    else shades.push({ since: time, until });
  }
  return { sites: [...sites], shades };
}

const middle = (values: number[]) => values.sort((x, y) => x - y)[Math.floor(values.length / 2)] ?? null;

export interface Told {
  minutes: number;
  delay_us: number | null;
  loss: number | null;
  ttl: number | null;
  clock_error_us: number;
}

/** What a stretch of minutes was like: the median of their medians, of all packets the share lost. */
export function toldOf(records: MeasuredRecord[]): Told {
  const sum = (pick: (record: MeasuredRecord) => number) => records.reduce((all, record) => all + pick(record), 0);
  const known = (pick: (record: MeasuredRecord) => number | null | undefined) =>
    middle(records.map(pick).filter((value): value is number => value != null));
  const sent = sum((record) => record.sent);
  return {
    minutes: records.length,
    delay_us: known((record) => record.delay_median_us),
    loss: sent > 0 ? sum((record) => record.lost) / sent : null,
    ttl: known((record) => record.ttl),
    clock_error_us: Math.max(0, ...records.map((record) => record.clock_error_us ?? 0)),
  };
}
