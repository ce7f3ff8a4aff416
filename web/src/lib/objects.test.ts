import { describe, expect, it } from 'vitest';
import { readObject } from './objects';

describe('objects', () => {
  it.each([
    ['link:santiago-panama', '/links/santiago-panama'],
    ['links:santiago-panama', '/links/santiago-panama'],
    ['pair:santiago/panama', '/measure/santiago/panama'],
    ['case:41', '/cases/41'],
    ['article:mtu', '/knowledge/mtu'],
    ['prefix:200.0.206.0/24', '/prefixes/200.0.206.0/24'],
    ['person:ana?x=1', '/people/ana%3Fx%3D1'],
  ])('%s has its page at %s', (name, path) => expect(readObject(name).path).toBe(path));

  it('what is not known leads nowhere', () => {
    expect(readObject('whatever:1')).toMatchObject({ kind: 'whatever', id: '1', path: null });
    expect(readObject('nothing').path).toBeNull();
  });
});
