import { describe, expect, it } from 'vitest';
import { safetyOf } from './safety';
import type { MemberRow } from './types';

const member = (more: Partial<MemberRow>): MemberRow => ({
  id: 'reuna',
  name: 'REUNA',
  prefixes: 2,
  silent: 0,
  announced: 2,
  covered: 2,
  valid: 2,
  invalid: 0,
  not_found: 0,
  vrps: 2,
  loose: 0,
  ...more,
});

describe('how safe an organisation is', () => {
  it('is the worst that holds', () => {
    expect(safetyOf(member({}))).toBe('safe');
    expect(safetyOf(member({ loose: 1 }))).toBe('loose');
    expect(safetyOf(member({ loose: 1, not_found: 1 }))).toBe('open');
    expect(safetyOf(member({ vrps: 0, announced: 0 }))).toBe('open');
    expect(safetyOf(member({ prefixes: 0, vrps: 0, announced: 1 }))).toBe('safe');
    expect(safetyOf(member({ prefixes: 0, vrps: 0, announced: 0 }))).toBe('none');
    expect(safetyOf(member({ loose: 1, not_found: 1, invalid: 1 }))).toBe('invalid');
  });
});
