// The shapes that the portal reads from the hub's API.

export interface List<T> {
  items: T[];
  next: string | null;
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail?: string;
  instance?: string;
  request_id?: string;
  code?: string;
  hint?: string;
  faults?: { where: string; what: string }[];
}

export const kKinds = [
  'organisations',
  'people',
  'sites',
  'equipment',
  'links',
  'as_numbers',
  'prefixes',
  'domains',
  'realms',
  'telephone_prefixes',
] as const;
export type Kind = (typeof kKinds)[number];

export interface Recorded {
  id: string;
  version: number;
  changed: string;
  changed_by: string;
}
export type RegistryObject = Recorded & Record<string, unknown>;

export interface Site extends Recorded {
  name: string;
  organisation?: string;
  country?: string;
  latitude?: number;
  longitude?: number;
  pop: boolean;
  address?: string;
  since?: string;
  until?: string;
  source?: string;
}

export interface Link extends Recorded {
  a: string;
  b: string;
  capacity: number;
  technology?: string;
  medium?: string;
  provider?: string;
  length?: number;
  cost_per_month?: number;
  currency?: string;
  planned?: string;
  tendered?: string;
  contracted?: string;
  installed?: string;
  activated?: string;
  retired?: string;
  source?: string;
  note?: string;
}

export interface Organisation extends Recorded {
  name: string;
  full_name?: string;
  type: string;
  parent?: string;
  country?: string;
}

export interface Revision {
  version: number;
  changed: string;
  effective: string;
  who: string;
  why: string;
  action: string;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}

export interface Difference {
  kind: Kind;
  id: string;
  action: string;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  version: number;
}

export interface TimelineEntry {
  date: string;
  kind: string;
  id: string;
  what: string;
  name: string;
}

export interface Piece {
  text: string;
  hit: boolean;
}

export interface Found {
  kind: string;
  id: string;
  name: string;
  detail: string;
  name_pieces?: Piece[];
  excerpt?: Piece[];
  language?: string;
  time?: string;
}

export type PairState = 'good' | 'slow' | 'lossy' | 'down' | 'unknown';

export interface Pair {
  from: string;
  to: string;
  time: string | null;
  sent: number;
  received: number;
  lost: number;
  duplicated: number;
  reordered: number;
  delay_min_us: number | null;
  delay_median_us: number | null;
  delay_p95_us: number | null;
  delay_p99_us: number | null;
  delay_max_us: number | null;
  ipdv_us: number | null;
  pdv_us: number | null;
  ttl: number | null;
  loss: number | null;
  clock_error_us: number | null;
  state: PairState;
  baseline_us: number | null;
  /** What light needs along the links. */
  floor_us?: number | null;
  above_floor_us?: number | null;
  quality?: Record<ProfileName, Verdict>;
  sessions: number;
  own_drops?: number;
  /** Ends whose clock is wrong: the delays are not the network's. */
  clock_fault?: string[];
}

/** Where OWAMP, TWAMP and STAMP are served: at the hub or at a point. */
export interface MeasurementServers {
  place: string;
  time: string;
  owamp?: string[];
  twamp?: string[];
  stamp?: string[];
  problem?: string;
  connections?: number;
  connections_refused?: number;
  sessions?: number;
  sessions_refused?: number;
  sent?: number;
  received?: number;
  reflected?: number;
  not_reflected?: number;
  own_loss?: number;
}

/** How a measurement point is. */
export interface MeasurementPoint {
  site: string;
  state: 'good' | 'clock_wrong' | 'clock_doubtful' | 'silent';
  time: string | null;
  clock: 'declared' | 'synchronised' | 'free-running' | null;
  clock_error_us: number;
  clock_offset_us: number;
  clock_fault: boolean;
  clock_fault_us?: number | null;
  clock_fault_since?: string | null;
  clock_fault_cause?: 'kernel' | 'step' | 'negative' | null;
  late_median_us: number;
  late_worst_us: number;
  own_drops: number;
  refused: number;
  processor: number;
  memory: number;
}

export type ProfileName = 'interactive' | 'bulk' | 'usual';
export type Verdict = 'good' | 'fair' | 'poor' | 'unknown';

export interface Profile {
  id: ProfileName;
  delay_watch_us: number;
  delay_bad_us: number;
  loss_watch: number;
  loss_bad: number;
  jitter_watch_us: number;
  jitter_bad_us: number;
}

export interface MeasuredRecord {
  time: string;
  step_s: number;
  sent: number;
  received: number;
  lost: number;
  duplicated: number;
  reordered: number;
  delay_min_us: number | null;
  delay_p05_us: number | null;
  delay_p25_us: number | null;
  delay_median_us: number | null;
  delay_p75_us: number | null;
  delay_p95_us: number | null;
  delay_p99_us: number | null;
  delay_max_us: number | null;
  ipdv_us: number | null;
  pdv_us: number | null;
  ttl: number | null;
  clock_error_us: number | null;
  /** Ends whose clock was wrong: the delays are not the network's. */
  clock_fault?: string[];
  path?: string | null;
}

/** A hop of a way, with what the registry knows of it. */
export interface Hop {
  ttl: number;
  addresses: string[];
  sent: number;
  received: number;
  rtt_min_us?: number | null;
  labels: { value: number; traffic_class: number; bottom: boolean; ttl: number }[];
  site: string;
  organisation: string;
  organisation_name: string;
  as: string;
  /** What DNS calls it: written by whoever holds the address. */
  dns_name: string;
  link: string;
}

/** A stay on one way. */
export interface PathStay {
  from: string;
  to: string;
  since: string;
  until?: string | null;
  last: string;
  id: string;
  reached: boolean;
  hops: Hop[];
}

export type LinkState = 'up' | 'degraded' | 'down' | 'unknown';

export interface MeasuredLink {
  id: string;
  a: string;
  b: string;
  state: LinkState;
  floor_us?: number | null;
  above_floor_us?: number | null;
  forward: Pair | null;
  backward: Pair | null;
  /** Ends whose clock is wrong. */
  clock_fault?: string[];
}

export interface Summary {
  links_up: number;
  links_down: number;
  links_degraded: number;
  pairs_total: number;
  pairs_good: number;
  pairs_slow: number;
  pairs_lossy: number;
  pairs_down: number;
  pairs_unknown: number;
  last_record: string | null;
  clock_fault?: string[];
}

export interface JournalEvent {
  id: number | string;
  time: string;
  type: string;
  subject: string;
  actor: string;
  body: Record<string, unknown>;
}

export interface LabNode {
  site: string;
  namespace: string;
  state: string;
  agent?: string;
  member?: string;
  member_as?: number;
  announces?: string[];
}

export interface Hijack {
  prefix: string;
  site: string;
  as: number;
  holder?: string;
  state: 'announced' | 'dropped' | 'taken';
  taken_at: string[];
}

export interface LabLink {
  id: string;
  a: string;
  b: string;
  state: 'up' | 'down';
  delay_us: { forward: number; backward: number };
  jitter_us: number;
  loss: number;
  reorder: number;
  duplicate: number;
  rate_bps: number;
  frames: number;
  dropped: number;
}

export interface Lab {
  running: boolean;
  network?: string;
  nodes: LabNode[];
  links: LabLink[];
  bgp: 'off' | 'open' | 'validated';
  hijacks: Hijack[];
}

export interface Failure {
  failed: { kind: string; id: string }[];
  cut_off: string[];
  organisations_cut_off: string[];
  pairs_cut: number;
  pairs_rerouted: number;
  worst_stretch: number;
  paths?: {
    from: string;
    to: string;
    before: string[];
    after: string[] | null;
    before_km: number;
    after_km: number | null;
  }[];
}

export interface About {
  name: string;
  version: string;
  started: string;
  network?: string;
  loopback_only: boolean;
  time: string;
}

export interface ServiceState {
  name: string;
  state: string;
  since: string;
  restarts: number;
  reason?: string;
}

export interface Agent {
  id: string;
  address: string;
  connected: boolean;
  revoked: boolean;
  enrolled: string;
  seen: string;
  version: string;
  started?: string;
  facts: Record<string, unknown> | null;
}

export interface Report {
  id: string;
  time: string;
  page: string;
  request_id?: string;
  text: string;
  contact?: string;
}

/** The part of JSON schema that the hub's descriptions use. */
export interface Schema {
  type?: string | string[];
  title?: string;
  description?: string;
  format?: string;
  enum?: string[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  $ref?: string;
  anyOf?: Schema[];
  oneOf?: Schema[];
  'x-reference'?: string;
  'x-unit'?: string;
  additionalProperties?: boolean | Schema;
  readOnly?: boolean;
}
