import { expect, it } from 'vitest';
import { duration } from './duration';

it.each([
  [0, '0 sec'],
  [59, '59 sec'],
  [3600, '1 hr'],
  [3661, '1 hr 1 min'],
  [90_000, '1 day 1 hr'],
  [86_400 * 3 + 60, '3 days'],
  [null, '–'],
])('%s seconds are %s', (seconds, words) => expect(duration(seconds)).toBe(words));
