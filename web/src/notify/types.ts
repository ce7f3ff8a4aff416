// The shapes of notifications.

export const kSeverities = ['info', 'warning', 'critical'] as const;
export const kChannels = ['mail', 'portal', 'webhook'] as const;
export const kWhen = ['at-once', 'hourly', 'daily', 'never'] as const;

export interface Notice {
  id: number;
  time: string;
  topic: string;
  severity: (typeof kSeverities)[number];
  about?: string;
  subject: string;
  text: string;
  read: boolean;
}

export interface Rule {
  id: number;
  owner: string;
  team?: string;
  topics: string[];
  organisations: string[];
  at_least: (typeof kSeverities)[number];
  channel: (typeof kChannels)[number];
  when: (typeof kWhen)[number];
  url?: string;
  quiet_from?: string;
  quiet_until?: string;
  version: number;
}
