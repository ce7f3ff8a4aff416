import { describe, expect, it } from 'vitest';
import type { Accreditation } from './types';
import { waitsFor } from './waits';

const of = (state: string, reviewers: string[] = []) =>
  ({
    number: 1,
    organisation: 'reuna',
    state,
    reviews: reviewers.map((reviewer) => ({ reviewer, organisation: 'x', approves: true, time: '' })),
  }) as unknown as Accreditation;
const rita = { caller: 'person:rita', home: 'rnp', mayReview: true, coordinates: false };

describe('an accreditation that waits', () => {
  it('waits for a reviewer of another organisation', () => expect(waitsFor(of('submitted'), rita)).toBe('review'));
  it('waits for nobody of its own', () => {
    expect(waitsFor(of('submitted'), { ...rita, home: 'reuna' })).toBeNull();
    expect(waitsFor(of('reviewed'), { ...rita, home: 'reuna', coordinates: true })).toBeNull();
  });
  it('waits no more for who has reviewed it', () =>
    expect(waitsFor(of('submitted', ['person:rita']), rita)).toBeNull());
  it('waits for nobody without the right or without a home', () => {
    expect(waitsFor(of('submitted'), { ...rita, mayReview: false })).toBeNull();
    expect(waitsFor(of('submitted'), { ...rita, home: '' })).toBeNull();
  });
  it('waits for the coordinators at the end', () => {
    expect(waitsFor(of('reviewed'), { ...rita, coordinates: true })).toBe('decision');
    expect(waitsFor(of('reviewed'), rita)).toBeNull();
    expect(waitsFor(of('draft'), { ...rita, coordinates: true })).toBeNull();
  });
});
