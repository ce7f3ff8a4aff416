// The shapes of network operations: outages, maintenance, availability, who is on call.

export interface Suspect {
  part: 'link' | 'site' | 'point';
  id: string;
  likelihood: number;
}

export interface AffectedPair {
  from: string;
  to: string;
  lost: number;
  before: string[];
  after?: string[];
  before_us?: number;
  after_us?: number;
}

export interface Outage {
  id: number;
  cause: string;
  part: 'link' | 'site' | 'point';
  object: string;
  state: 'open' | 'recovering' | 'closed';
  severity: 'minor' | 'major' | 'critical';
  began: string;
  ended?: string;
  named: string;
  flaps: number;
  down_s: number;
  suspects: Suspect[];
  pairs_affected: number;
  pairs_cut: number;
  pairs_rerouted: number;
  organisations: string[];
  organisations_cut_off: string[];
  case?: string;
  maintenance?: number;
  pairs: AffectedPair[];
}

export interface ExpectedEffect {
  pairs_cut: number;
  pairs_rerouted: number;
  worst_stretch: number;
  sites_cut_off: string[];
  organisations_cut_off: string[];
  affected: string[];
}

export interface MaintenanceReport {
  actual_begin?: string;
  actual_end?: string;
  early_s: number;
  late_s: number;
  outages: number[];
  unexpected: string[];
  unaffected: string[];
  pairs_expected: number;
  pairs_seen: number;
  organisations_expected: string[];
  organisations_seen: string[];
}

export interface MaintenanceWindow {
  id: number;
  title: string;
  description: string;
  organisation: string;
  links: string[];
  sites: string[];
  begin: string;
  end: string;
  notices_s: number[];
  state: 'planned' | 'running' | 'over' | 'cancelled';
  planned_by: string;
  version: number;
  expected?: ExpectedEffect;
  report?: MaintenanceReport;
}

export interface Availability {
  id: string;
  name: string;
  availability: number;
  measured: number;
  in_service_s: number;
  down_s: number;
  planned_s: number;
  outages: number;
  mtbf_s?: number;
  mttr_s?: number;
}

export interface Rota {
  id: string;
  name: string;
  organisation: string;
  people: string[];
  zone: string;
  first: string;
  days: number;
  handover: string;
  version: number;
}

export interface Override {
  id: number;
  rota: string;
  person: string;
  begin: string;
  end: string;
  why: string;
}

export interface Shift {
  rota: string;
  person: string;
  name: string;
  begin: string;
  end: string;
  overridden: boolean;
}

export interface Feed {
  id: string;
  rota: string;
  person: string;
  made_by: string;
  made: string;
  address?: string;
}
