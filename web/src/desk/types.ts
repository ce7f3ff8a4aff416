// The shapes of the desk's routes.

import type { JournalEvent } from '../api/types';

export const kQueues = ['operations', 'performance', 'help', 'security'] as const;
export type Queue = (typeof kQueues)[number];
export const kStates = ['new', 'working', 'waiting', 'watching', 'contained', 'solved', 'closed', 'merged'] as const;
export type CaseState = (typeof kStates)[number];
export const kPriorities = ['low', 'normal', 'high', 'urgent'] as const;
export type Priority = (typeof kPriorities)[number];
export const kVisibilities = ['public', 'members', 'private'] as const;
export type Visibility = (typeof kVisibilities)[number];

export interface ServiceClock {
  due?: string;
  done?: string;
  paused: boolean;
  late: boolean;
}

export interface Case {
  number: number;
  version: number;
  queue: Queue;
  state: CaseState;
  priority: Priority;
  title: string;
  description: string;
  language: string;
  visibility: Visibility;
  owner?: string;
  teams: string[];
  organisations: string[];
  /** KIND:ID */
  objects: string[];
  country?: string;
  cause?: string;
  opened: string;
  opened_by: string;
  changed: string;
  answer: ServiceClock;
  solution: ServiceClock;
  closed?: string;
  escalation: number;
  reopened: number;
  merged_into?: number;
  notes: number;
  evidence: number;
  attachments: number;
  watchers: number;
}

export interface FieldChange {
  field: string;
  before?: unknown;
  after?: unknown;
}

export interface Entry {
  id: number;
  time: string;
  kind: string;
  who: string;
  who_name: string;
  visibility: Visibility;
  text: string;
  changes?: FieldChange[];
  unverified: boolean;
  origin?: number;
  attachments?: number[];
}

export interface EvidenceColumn {
  name: string;
  unit: string;
  values: (number | null)[];
}

export interface Evidence {
  id: number;
  kind: 'series' | 'path' | 'events';
  object: string;
  title: string;
  description: string;
  since?: string;
  until?: string;
  frozen: string;
  columns?: EvidenceColumn[];
  hops?: { site: string; link?: string; metres: number }[];
  events?: JournalEvent[];
}

/** A file of a case or of an article. */
export interface Attachment {
  id: number;
  name: string;
  media_type: string;
  size: number;
  sha256: string;
  time: string;
  who: string;
  /** A case's alone. */
  visibility?: Visibility;
}

/** Somebody who could take care of a case. */
export interface Candidate {
  id: string;
  name: string;
}

export interface Watcher {
  id: string;
  language: string;
  since: string;
}

export interface QueueState {
  queue: Queue;
  open: number;
  unanswered: number;
  late: number;
  unowned: number;
  waiting: number;
  may_work: boolean;
  states: CaseState[];
  steps: Partial<Record<CaseState, CaseState[]>>;
  promises: string[];
}

export interface Statistic {
  month: string;
  queue: Queue;
  organisation: string;
  opened: number;
  answered: number;
  answered_in_time: number;
  solved: number;
  solved_in_time: number;
  still_open: number;
  median_answer_s?: number;
  median_solution_s?: number;
}
