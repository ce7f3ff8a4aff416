// Evidence of a pair's change, as the hub keeps it.

import type { MeasuredRecord } from '../../api/types';

export const kChanges = ['DelayRose', 'DelayFell', 'LossBegan', 'LossEnded'] as const;
export type Change = (typeof kChanges)[number];

export interface KeptEvidence {
  /** FROM.TO.TYPE.SECONDS */
  id: string;
  from: string;
  to: string;
  type: Change;
  /** The minute that decided. */
  minute: string;
  /** The half hour after it is there, too. */
  complete: boolean;
}

/** How a point was in a minute. */
export interface PointMinute {
  time: string;
  clock?: 'declared' | 'synchronised' | 'free-running';
  clock_error_us: number;
  late_worst_us: number;
  own_drops: number;
  clock_fault: boolean;
}

export interface PairEvidence extends KeptEvidence {
  forward: MeasuredRecord[];
  backward: MeasuredRecord[];
  from_point: PointMinute[];
  to_point: PointMinute[];
}
