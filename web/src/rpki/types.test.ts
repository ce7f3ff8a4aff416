import { describe, expect, it } from 'vitest';
import { vrpText } from './types';

describe('a VRP in words', () => {
  it('names the maximal length only where it is longer than the prefix', () => {
    expect(vrpText({ asn: 'AS64496', prefix: '192.0.2.0/24', max_length: 24 })).toBe('192.0.2.0/24 AS64496');
    expect(vrpText({ asn: 'AS64496', prefix: '2001:db8::/32', max_length: '48' })).toBe('2001:db8::/32-48 AS64496');
  });
});
