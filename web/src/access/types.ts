// The shapes of the access routes: accounts, roles, sessions, tokens, audit, and the sign-in's factors.

export const kRoles = ['viewer', 'member', 'operator', 'manager', 'administrator'] as const;
export type Role = (typeof kRoles)[number];

export const kPermissions = [
  'see-public',
  'report',
  'own',
  'see-members',
  'see-private',
  'work-cases',
  'publish',
  'operate',
  'edit-registry',
  'manage-people',
  'administer',
] as const;
export type Permission = (typeof kPermissions)[number];

export interface RoleGrant {
  role: Role;
  /** Empty: everywhere. */
  organisation: string;
  /** Empty: all services. */
  service: string;
}

export interface Account {
  id: string;
  login: string;
  name: string;
  mail?: string;
  language?: string;
  state: 'active' | 'pending' | 'locked' | 'closed';
  organisation?: string;
  roles: RoleGrant[];
  has_password: boolean;
  factors: string[];
  demonstration: boolean;
  created: string;
  seen?: string;
  version: number;
}

export interface Demonstration {
  login: string;
  name: string;
  role: Role;
  organisation: string;
}

export interface Standing extends RoleGrant {
  permissions: string[];
}

export interface SessionInfo {
  signed_in: boolean;
  caller: string;
  account?: Account;
  permissions: string[];
  standings: Standing[];
  session?: string;
  until?: string;
  factor_needed?: boolean;
  first_start: boolean;
  demonstrations?: Demonstration[];
}

export interface SessionReply {
  signed_in: boolean;
  pending?: string;
  factors: string[];
  account?: Account;
  until?: string;
}

export interface SessionEntry {
  id: string;
  current: boolean;
  started: string;
  seen: string;
  until: string;
  address: string;
  client: string;
  method: string;
}

export interface Invitation {
  id: string;
  mail: string;
  name: string;
  language?: string;
  role: Role;
  organisation: string;
  service: string;
  invited_by: string;
  until: string;
  link?: string;
}

export interface LinkInfo {
  kind: 'first' | 'invitation' | 'recovery';
  mail: string;
  name: string;
  organisation: string;
  role: Role;
  invited_by: string;
  until: string;
}

export interface Token {
  id: string;
  account: string;
  name: string;
  permissions: string[];
  organisations: string[];
  created: string;
  until: string;
  used?: string;
  /** In the answer to its making alone. */
  token?: string;
}

export interface AuditEntry {
  id: number;
  time: string;
  type: string;
  account: string;
  actor: string;
  detail: string;
}

export interface RoleRow {
  role: Role;
  permissions: string[];
}

export interface Provider {
  id: string;
  protocol: 'saml' | 'oidc';
  name: string;
  scopes: string[];
  registrar: string;
  remembered: boolean;
  start: string;
}

export interface Passkey {
  id: string;
  name: string;
  created: string;
  last_used?: string;
}

export interface Factors {
  totp: boolean;
  passkeys: Passkey[];
  recovery_codes: number;
}

export interface TotpEnrolment {
  secret: string;
  uri: string;
  /** An SVG picture. */
  qr: string;
}

export interface Ceremony {
  ticket: string;
  options: Record<string, unknown>;
}
