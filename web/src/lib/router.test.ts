import { describe, expect, it } from 'vitest';
import { routes } from '../shell/routes';
import { address, findRoute } from './router.svelte';
import { preferredLanguage } from './session.svelte';

const found = (path: string) => {
  const match = findRoute(routes, path);
  return match ? [match.route.pattern, match.params] : null;
};

describe('routes', () => {
  it('finds pages and their parameters', () => {
    expect(found('/')).toEqual(['/', {}]);
    expect(found('/links/santiago-panama')).toEqual(['/links/:id', { id: 'santiago-panama' }]);
    expect(found('/measure/lima/s%C3%A3o')).toEqual(['/measure/:from/:to', { from: 'lima', to: 'são' }]);
    expect(found('/edit/as_numbers/as27750')).toEqual(['/edit/:kind/:id', { kind: 'as_numbers', id: 'as27750' }]);
  });

  it('does not mind a slash at the end', () => {
    expect(found('/links/')).toEqual(['/links', {}]);
  });

  it('finds nothing where nothing is', () => {
    expect(found('/nowhere')).toBeNull();
    expect(found('/measure/lima')).toBeNull();
    expect(found('/links/a/b/c')).toBeNull();
    expect(found('/links/%E0%A4%A')).toBeNull();
  });

  it('no pattern holds a dot, which the hub would take for a file', () => {
    expect(routes.filter((route) => route.pattern.includes('.'))).toEqual([]);
  });
});

describe('addresses', () => {
  it('leave out what is not set', () => {
    expect(address('/links', { as_of: null, q: '' })).toBe('/links');
    expect(address('/links', { as_of: '2011-10-28', q: 'são paulo' })).toBe('/links?as_of=2011-10-28&q=s%C3%A3o+paulo');
  });
});

describe('language', () => {
  it('is the first of the reader that the portal speaks', () => {
    expect(preferredLanguage(['fr-FR', 'pt-BR', 'en'])).toBe('pt');
    expect(preferredLanguage(['ES-419'])).toBe('es');
    expect(preferredLanguage(['qu'])).toBe('en');
    expect(preferredLanguage([])).toBe('en');
  });
});
