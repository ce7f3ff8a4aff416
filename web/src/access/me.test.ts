import { beforeAll, describe, expect, it } from 'vitest';
import { localPath, me, waitingOf } from './me.svelte';
import type { SessionInfo } from './types';

beforeAll(() => {
  Object.assign(globalThis, { location: new URL('https://portal.example/signin') });
});

describe('where to go after signing in', () => {
  it.each([
    ['/cases/41?show=notes', '/cases/41?show=notes'],
    [null, '/'],
    ['', '/'],
    ['https://evil.example/', '/'],
    ['//evil.example/', '/'],
    ['/\\evil.example/', '/'],
    ['/\t/evil.example', '/'],
    ['javascript:alert(1)', '/'],
  ])('%s leads to %s', (text, path) => expect(localPath(text)).toBe(path));
});

describe('a sign-in that waits', () => {
  it('is read from behind the #', () =>
    expect(waitingOf('#pending=p1&factors=totp,passkey')).toEqual({ pending: 'p1', factors: ['totp', 'passkey'] }));
  it('is none without a name', () => expect(waitingOf('')).toBeNull());
});

describe('what is offered', () => {
  const info = (standings: SessionInfo['standings']): SessionInfo => ({
    signed_in: true,
    caller: 'person:ana',
    permissions: [...new Set(standings.flatMap((one) => one.permissions))],
    standings,
    first_start: false,
  });
  const operator = (organisation: string) => ({
    role: 'operator' as const,
    organisation,
    service: '',
    permissions: ['work-cases'],
  });

  it('nothing before the hub has answered', () => expect(me.may('see-public')).toBe(false));

  it('what a role permits, everywhere or somewhere', () => {
    me.info = info([operator('')]);
    expect(me.may('work-cases')).toBe(true);
    expect(me.may('work-cases', 'rnp')).toBe(true);
    expect(me.may('administer')).toBe(false);
    me.info = info([operator('rnp')]);
    expect(me.may('work-cases')).toBe(true);
    expect(me.may('work-cases', 'rnp')).toBe(true);
    expect(me.may('work-cases', 'reuna'), 'the tree is not read: the hub decides').toBe(true);
  });
});
