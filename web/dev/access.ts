// The fixture's access routes.

import { kPermissions, kRoles, type Account, type Invitation, type RoleGrant, type Token } from '../src/access/types';
import { kProviders, kQr, People, permissionsOf } from './people';
import { Refusal, type Call } from './refusal';

const people = new People();
export const me = () => people.me;
const kNothing = undefined;

const list = <T>(items: T[]) => ({ items, next: null });

function mine(): Account {
  if (!people.me) throw new Refusal(401, 'Unauthorized', 'Nobody is signed in', { code: 'unauthenticated' });
  return people.me;
}

/** undefined: not a route of these. */
export function access(call: Call): unknown {
  const { method, query } = call;
  people.current = /(?:^|; )fixture=([a-z-]+)/.exec(call.request.headers.cookie ?? '')?.[1] ?? null;
  const enter = (id: string | null) => {
    people.current = id;
    const life = id ? '' : '; Max-Age=0';
    call.response.setHeader('Set-Cookie', `fixture=${id ?? ''}; Path=/; HttpOnly; SameSite=Strict${life}`);
  };
  const [first, second, third] = call.parts;
  const body = () => JSON.parse(call.body || '{}') as Record<string, unknown>;
  const key = `${method} ${first}${second ? `/${first === 'session' || first === 'recovery' || first === 'invitations' || first === 'signin' || first === 'factors' ? second : ':id'}` : ''}${third ? `/${third}` : ''}`;
  switch (key) {
    case 'GET session':
      return people.session();
    case 'POST session': {
      const { login, password } = body();
      if (password === 'wrong' || !people.signIn(String(login)))
        throw new Refusal(401, 'Unauthorized', 'The name or the password is wrong', { code: 'unauthenticated' });
      if (password === 'second') {
        enter(null);
        return { signed_in: false, pending: 'p1', factors: ['totp', 'passkey'] };
      }
      enter(people.current);
      return { signed_in: true, factors: [], account: people.me };
    }
    case 'DELETE session':
      enter(null);
      return {};
    case 'PUT session/password':
      if (body()['current'] === 'wrong')
        throw new Refusal(403, 'Forbidden', 'The present password is another', { code: 'forbidden' });
      return {};
    case 'POST signin/code':
      if (body()['code'] !== '123456')
        throw new Refusal(401, 'Unauthorized', 'The code is wrong', { code: 'unauthenticated' });
      enter('ana-quispe');
      return { signed_in: true, factors: [] };
    case 'GET signin/providers': {
      const fold = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
      const wanted = fold(query.get('search') ?? '');
      return list(kProviders.filter((one) => fold(`${one.name} ${one.scopes.join(' ')}`).includes(wanted)));
    }
    case 'GET sessions':
      return list(people.sessions);
    case 'DELETE sessions':
      people.sessions = people.sessions.filter((one) => one.current);
      return {};
    case 'DELETE sessions/:id':
      people.sessions = people.sessions.filter((one) => one.id !== second);
      return {};
    case 'GET accounts':
      return list([...people.accounts.values()]);
    case 'GET accounts/:id':
    case 'PATCH accounts/:id':
    case 'PUT accounts/:id/roles': {
      const found = people.accounts.get(second!);
      if (!found) throw new Refusal(404, 'Not found', `There is no account "${second}"`, { code: 'not-found' });
      if (method === 'PATCH') Object.assign(found, body(), { version: found.version + 1 });
      if (method === 'PUT') {
        found.roles = body()['roles'] as RoleGrant[];
        if (found.state === 'pending' && found.roles.length) found.state = 'active';
        found.version++;
      }
      call.response.setHeader('ETag', `"${found.version}"`);
      return found;
    }
    case 'GET invitations':
      return list(people.invitations);
    case 'POST invitations': {
      const made = {
        ...(body() as unknown as Invitation),
        id: String(people.invitations.length + 1),
        invited_by: mine().name,
        until: '2027-01-01T00:00:00Z',
      };
      people.invitations.push(made);
      call.response.statusCode = 201;
      return { ...made, link: 'http://127.0.0.1:8080/join#qj_4ZQ9' };
    }
    case 'DELETE invitations/' + second:
      people.invitations = people.invitations.filter((one) => one.id !== second);
      return {};
    case 'POST invitations/look':
      if (!body()['token'])
        throw new Refusal(404, 'Not found', 'The link is not complete, or it was used already', { code: 'not-found' });
      return {
        kind: body()['token'] === 'first' ? 'first' : 'invitation',
        mail: 'noc@reacciun.example',
        name: 'Pedro Ruiz',
        organisation: 'reacciun',
        role: 'member',
        invited_by: 'Ana Quispe',
        until: '2027-01-01T00:00:00Z',
      };
    case 'POST invitations/accept':
    case 'POST recovery/accept':
      enter('ana-quispe');
      return { signed_in: true, factors: [] };
    case 'POST recovery':
      return {};
    case 'GET tokens':
      return list(people.tokens);
    case 'POST tokens': {
      const made = {
        ...(body() as unknown as Token),
        id: String(people.tokens.length + 1),
        account: mine().id,
        created: new Date().toISOString(),
      };
      people.tokens.push(made);
      return { ...made, token: 'qp_8f3kq2n7c1v5x9z0l4m6b2a8s7d1' };
    }
    case 'DELETE tokens/:id':
      people.tokens = people.tokens.filter((one) => one.id !== second);
      return {};
    case 'GET audit':
      return list(
        people.audit.filter(
          (one) =>
            (!query.get('type') || one.type === query.get('type')) &&
            (!query.get('account') || one.account === query.get('account')),
        ),
      );
    case 'GET roles':
      return list(
        kRoles.map((role) => ({ role, permissions: kPermissions.filter((one) => permissionsOf(role).includes(one)) })),
      );
    case 'GET factors':
      return people.factors;
    case 'POST factors/totp':
      return { secret: 'JBSW Y3DP EHPK 3PXP', uri: 'otpauth://totp/Quipu:ana?secret=JBSWY3DPEHPK3PXP', qr: kQr };
    case 'POST factors/totp/confirm':
      if (body()['code'] !== '123456')
        throw new Refusal(400, 'Bad Request', 'The code is wrong', {
          code: 'invalid',
          faults: [{ where: 'body.code', what: 'is not the one that the app shows now' }],
        });
      people.factors = { ...people.factors, totp: true, recovery_codes: 10 };
      return { codes: Array.from({ length: 10 }, (_one, i) => `k${i}f7-q2m${i}-x8d${i}`) };
    case 'POST factors/recovery-codes':
      people.factors = { ...people.factors, recovery_codes: 10 };
      return { codes: Array.from({ length: 10 }, (_one, i) => `n${i}a1-r5t${i}-c3w${i}`) };
    case 'DELETE factors/totp':
      people.factors = { ...people.factors, totp: false };
      return {};
  }
  return kNothing;
}
