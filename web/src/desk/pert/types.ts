// The shapes of eduPERT: teams, accreditation, requests between teams, meetings.

export const kSights = ['public', 'members', 'accredited'] as const;
export interface TeamContact {
  kind: string;
  value: string;
  note?: string;
  sight: (typeof kSights)[number];
}

export interface Team {
  id: string;
  organisation: string;
  name: string;
  constituency: string;
  hours?: string;
  time_zone?: string;
  languages: string[];
  website?: string;
  contacts: TeamContact[];
  pgp_fingerprint?: string;
  pgp_key?: string;
  members: string[];
  note?: string;
  standing: 'registered' | 'applying' | 'accredited' | 'suspended' | 'expired';
  accredited_until?: string;
  version: number;
  changed: string;
  changed_by: string;
}

export interface Criterion {
  id: string;
  text: string;
  mandatory: boolean;
}

export interface Review {
  reviewer: string;
  organisation: string;
  approves: boolean;
  note?: string;
  time: string;
}

export interface HistoryStep {
  time: string;
  who: string;
  action: string;
  note?: string;
}

export interface Accreditation {
  number: number;
  team: string;
  organisation: string;
  state: string;
  evidence: Record<string, string>;
  reviews: Review[];
  renews?: number;
  decided?: string;
  until?: string;
  reminded_days: number;
  history: HistoryStep[];
  version: number;
}

export interface TechnicalRequest {
  number: number;
  from: string;
  to: string;
  subject: string;
  question: string;
  answer?: string;
  performance_case?: number;
  state: 'asked' | 'accepted' | 'answered' | 'closed' | 'declined';
  asked: string;
  due: string;
  reminded: boolean;
  overdue: boolean;
  history: HistoryStep[];
  version: number;
}

export interface Meeting {
  number: number;
  title: string;
  begins: string;
  ends: string;
  place?: string;
  url?: string;
  agenda: string;
  minutes: string;
  teams: string[];
  participants: string[];
  state: 'planned' | 'held' | 'cancelled';
  public: boolean;
  organiser: string;
  version: number;
  changed: string;
  agenda_html?: string;
  minutes_html?: string;
}
