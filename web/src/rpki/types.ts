// The shapes of the RPKI: the validation, the guard, routers, members.

export interface Vrp {
  asn: string;
  prefix: string;
  max_length: number;
  anchor: string;
}

export interface Exceptions {
  name: string;
  since?: string;
  error: string;
  filters: number;
  assertions: number;
}

export interface Status {
  enabled: boolean;
  validating: boolean;
  source: 'network' | 'offline' | '';
  validated?: string;
  seconds: number;
  next?: string;
  error: string;
  points: number;
  points_valid: number;
  points_stored: number;
  points_examined: number;
  accepted: number;
  refused: number;
  vrps: number;
  aspas: number;
  router_keys: number;
  served_vrps: number;
  vrps_filtered: number;
  vrps_added: number;
  routes: number;
  routes_valid: number;
  routes_invalid: number;
  held?: number;
  slurm: Exceptions[];
}

export interface Anchor {
  name: string;
  valid: boolean;
  reason: string;
  section: string;
  detail: string;
  addresses: string[];
  points: number;
  points_stored: number;
  points_failed: number;
  accepted: number;
  refused: number;
  vrps: number;
  aspas: number;
  router_keys: number;
  expires?: string;
}

export type PointState = 'valid' | 'stored' | 'failed';

export interface Point {
  manifest: string;
  anchor: string;
  authority: string;
  notification: string;
  state: PointState;
  accepted: number;
  refused: number;
  vrps: number;
  aspas: number;
  next_update?: string;
  expires?: string;
}

export interface Refused {
  object: string;
  anchor: string;
  reason: string;
  section: string;
  text: string;
  detail: string;
  chain: string;
}

export interface Repository {
  source: string;
  host: string;
  state: 'never' | 'fresh' | 'failing';
  way: 'none' | 'rrdp' | 'rsync';
  last_attempt?: string;
  last_success?: string;
  next_attempt?: string;
  failures: number;
  error: string;
  serial: number;
  step: string;
  objects: number;
  octets: number;
  seconds: number;
}

export interface Loss {
  scope: 'whole' | 'anchor' | 'member';
  name: string;
  before: number;
  lost: number;
  percent: number;
  too_much: boolean;
  examples: string[];
}

export interface Held {
  id: number;
  since: string;
  release_at?: string;
  lost: number;
  added: number;
  losses: Loss[];
}

export interface RtrState {
  serving: boolean;
  session: number;
  serial: number;
  confirmed?: string;
  vrps: number;
  aspas: number;
  router_keys: number;
  left_out: number;
  deltas: number;
  clients: number;
}

export interface RtrClient {
  address: string;
  transport: string;
  version?: number;
  serial?: number;
  lag?: number;
  since: string;
  sent: number;
  received: number;
}

export type ValidityState = 'valid' | 'invalid' | 'not-found';

/** As Routinator writes it. */
export interface ValidityAnswer {
  validated_route: {
    route: { origin_asn: string; prefix: string };
    validity: {
      state: ValidityState;
      reason?: 'as' | 'length';
      description: string;
      VRPs: Record<
        'matched' | 'unmatched_as' | 'unmatched_length',
        { asn: string; prefix: string; max_length: string }[]
      >;
    };
  };
  generatedTime: string;
}

export type Remedy = 'none' | 'authorise' | 'shorten' | 'no-origin';

export interface MemberRow {
  id: string;
  name: string;
  prefixes: number;
  silent: number;
  announced: number;
  covered: number;
  valid: number;
  invalid: number;
  not_found: number;
  vrps: number;
  loose: number;
  expires?: string;
}

export interface JudgedRoute {
  prefix: string;
  origin?: number;
  validity: ValidityState;
  reason: '' | 'as' | 'length';
  remedy: Remedy;
}

export interface LooseVrp {
  prefix: string;
  as: number;
  max_length: number;
  announced: string[];
}

export interface MemberPoint {
  manifest: string;
  state: PointState;
  vrps: number;
  next_update?: string;
  certificates?: string;
  authority?: string;
}

export interface MemberState {
  member: MemberRow;
  prefixes: string[];
  as_numbers: string[];
  routes: JudgedRoute[];
  vrps: Vrp[];
  loose: LooseVrp[];
  points: MemberPoint[];
}

export interface Invalid {
  prefix: string;
  asn: string;
  reason: '' | 'as' | 'length';
  remedy: Remedy;
  needed?: Vrp;
  covering: Vrp[];
  member: string;
  name: string;
}

/** "192.0.2.0/24-28 AS64496" */
export function vrpText(vrp: { asn: string; prefix: string; max_length: number | string }): string {
  const length = vrp.prefix.slice(vrp.prefix.indexOf('/') + 1);
  return `${vrp.prefix}${String(vrp.max_length) === length ? '' : `-${vrp.max_length}`} ${vrp.asn}`;
}
