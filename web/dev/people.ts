// The fixture's people: accounts, sessions, tokens, factors, audit.

import type {
  Account,
  AuditEntry,
  Factors,
  Invitation,
  Permission,
  Provider,
  Role,
  RoleGrant,
  SessionEntry,
  SessionInfo,
  Token,
} from '../src/access/types';

const kOf: Record<Role, Permission[]> = {
  viewer: ['see-public', 'report', 'own'],
  member: ['see-members'],
  operator: ['see-private', 'work-cases', 'operate', 'publish'],
  manager: ['edit-registry', 'manage-people'],
  administrator: ['administer'],
};
const kOrder: Role[] = ['viewer', 'member', 'operator', 'manager', 'administrator'];

export function permissionsOf(role: Role): Permission[] {
  return kOrder.slice(0, kOrder.indexOf(role) + 1).flatMap((one) => kOf[one]);
}

/** As the hub's own demonstration accounts are called. */
const kDemonstrations: Record<string, string> = {
  'demo-administrator': 'ana-quispe',
  'demo-operator': 'joao-silva',
  'demo-manager': 'carla-rojas',
  'demo-viewer': 'maria-paz',
};

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();

function account(id: string, name: string, roles: RoleGrant[], more: Partial<Account> = {}): Account {
  return {
    id,
    login: `${id}@example.org`,
    name,
    mail: `${id}@example.org`,
    language: 'es',
    state: 'active',
    organisation: roles[0]?.organisation || 'redclara',
    roles,
    has_password: true,
    factors: [],
    demonstration: false,
    created: daysAgo(120),
    seen: daysAgo(1),
    version: 1,
    ...more,
  };
}

export class People {
  accounts = new Map<string, Account>();
  /** Whose request is answered now. */
  current: string | null = null;
  invitations: Invitation[] = [];
  tokens: Token[] = [];
  factors: Factors = { totp: false, passkeys: [], recovery_codes: 0 };
  sessions: SessionEntry[] = [];
  audit: AuditEntry[] = [];

  constructor() {
    const people = [
      account('ana-quispe', 'Ana Quispe', [{ role: 'administrator', organisation: '', service: '' }]),
      account('joao-silva', 'João Silva', [{ role: 'operator', organisation: 'rnp', service: '' }], { language: 'pt' }),
      account('carla-rojas', 'Carla Rojas', [
        { role: 'manager', organisation: 'reuna', service: '' },
        { role: 'operator', organisation: '', service: 'cases' },
      ]),
      account('luis-vera', 'Luis Vera', [], { state: 'pending', has_password: false, organisation: 'raap' }),
      account('maria-paz', 'María Paz', [{ role: 'viewer', organisation: 'cedia', service: '' }], { state: 'locked' }),
    ];
    for (const one of people) this.accounts.set(one.id, one);
    this.invitations.push({
      id: '1',
      mail: 'noc@reacciun.example',
      name: 'Pedro Ruiz',
      language: 'es',
      role: 'member',
      organisation: 'reacciun',
      service: '',
      invited_by: 'person:ana-quispe',
      until: daysAgo(-6),
    });
    this.tokens.push({
      id: '1',
      account: 'ana-quispe',
      name: 'Grafana',
      permissions: ['see-public', 'see-members'],
      organisations: [],
      created: daysAgo(40),
      until: daysAgo(-50),
      used: daysAgo(0.01),
    });
    this.sessions.push(
      {
        id: 's1',
        current: true,
        started: daysAgo(0.1),
        seen: daysAgo(0),
        until: daysAgo(-0.4),
        address: '10.1.2.3',
        client: 'Firefox 140, Linux',
        method: 'password+totp',
      },
      {
        id: 's2',
        current: false,
        started: daysAgo(3),
        seen: daysAgo(2),
        until: daysAgo(-4),
        address: '2800:a4::17',
        client: 'Chrome 141, Android',
        method: 'saml',
      },
    );
    const happened = (type: string, about: string, actor: string, detail: string, days: number) =>
      this.audit.unshift({ id: this.audit.length + 1, time: daysAgo(days), type, account: about, actor, detail });
    happened('InvitationSent', 'noc@reacciun.example', 'person:ana-quispe', 'member at reacciun', 1);
    happened('RolesChanged', 'carla-rojas', 'person:ana-quispe', 'manager at reuna; operator everywhere in cases', 0.8);
    happened('SignInFailed', 'maria-paz', 'anonymous', 'password, from 203.0.113.9', 0.3);
    happened('SignedIn', 'ana-quispe', 'person:ana-quispe', 'password, from 10.1.2.3', 0.1);
  }

  get me(): Account | null {
    return this.current ? (this.accounts.get(this.current) ?? null) : null;
  }

  session(): SessionInfo {
    const me = this.me;
    const standings = (me?.roles ?? []).map((grant) => ({ ...grant, permissions: permissionsOf(grant.role) }));
    const permissions = me
      ? [...new Set([...kOf.viewer, ...standings.flatMap((one) => one.permissions)])]
      : ['see-public', 'report'];
    return {
      signed_in: me !== null,
      caller: me ? `person:${me.id}` : 'anonymous',
      account: me ?? undefined,
      permissions,
      standings,
      session: me ? 's1' : undefined,
      first_start: false,
      demonstrations: [...this.accounts.values()]
        .filter((one) => one.state === 'active')
        .map((one) => ({
          login: one.login,
          name: one.name,
          role: one.roles[0]!.role,
          organisation: one.roles[0]!.organisation,
        })),
    };
  }

  signIn(name: string): boolean {
    const login = kDemonstrations[name] ?? name;
    const found = [...this.accounts.values()].find((one) => one.login === login || one.id === login);
    if (!found) return false;
    this.current = found.id;
    return true;
  }
}

export const kProviders: Provider[] = [
  ['uchile', 'Universidad de Chile', 'uchile.cl', 'COFRe'],
  ['usp', 'Universidade de São Paulo', 'usp.br', 'CAFe'],
  ['udelar', 'Universidad de la República', 'udelar.edu.uy', 'RAU'],
  ['unam', 'Universidad Nacional Autónoma de México', 'unam.mx', 'FENIX'],
  ['uniandes', 'Universidad de los Andes', 'uniandes.edu.co', 'COLFIRE'],
].map(([id, name, scope, registrar]) => ({
  id: id!,
  protocol: 'saml' as const,
  name: name!,
  scopes: [scope!],
  registrar: registrar!,
  remembered: id === 'uchile',
  start: `/api/v1/signin/saml/start?provider=${id}`,
}));

/** Not a code that anything reads: the shape of one. */
export const kQr =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 29 29"><rect width="29" height="29" fill="#fff"/><path d="M4 4h7v7h-7zM18 4h7v7h-7zM4 18h7v7h-7zM13 13h3v3h-3zM18 18h2v4h-2zM22 20h3v2h-3z" fill="#000"/></svg>';
