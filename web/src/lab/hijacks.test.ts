import { expect, test } from 'vitest';
import type { LabNode } from '../api/types';
import { foreignPrefixes, partOf } from './hijacks';

const node = (site: string, member: string, member_as: number, announces: string[] = []): LabNode => ({
  site,
  namespace: site,
  state: 'running',
  member,
  member_as,
  announces,
});

test('a part is what still travels', () => {
  expect(partOf('146.83.0.0/16')).toBe('146.83.0.0/24');
  expect(partOf('2001:1310::/32')).toBe('2001:1310::/48');
  expect(partOf('192.0.2.0/24')).toBeNull();
  expect(partOf('2001:db8::/48')).toBeNull();
});

test('what stands at a site, or is of its AS, is not foreign there', () => {
  const nodes = [
    node('santiago', 'reuna', 11340, ['146.83.0.0/16']),
    node('arica', 'reuna', 11340),
    node('lima', '', 4200000003),
    node('saopaulo', 'rnp', 1916, ['200.143.192.0/24', '2001:12f0::/32']),
  ];
  const prefixes = (site: string) => foreignPrefixes(nodes, site).map((one) => one.prefix);
  expect(prefixes('arica')).toEqual(['200.143.192.0/24', '2001:12f0::/32', '2001:12f0::/48']);
  expect(prefixes('lima')).toHaveLength(5);
  expect(foreignPrefixes(nodes, 'lima')[1]).toEqual({ prefix: '146.83.0.0/24', holder: 'reuna', part: true });
});
