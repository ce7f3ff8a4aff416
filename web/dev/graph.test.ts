import { expect, it } from 'vitest';
import { shortest } from './graph';

const links = [
  { id: 'ab', a: 'a', b: 'b', length: 1000 },
  { id: 'bc', a: 'b', b: 'c', length: 1000 },
  { id: 'ac', a: 'a', b: 'c', length: 5000 },
];

it('takes the shortest way, or none', () => {
  expect(shortest(links, 'a', 'c')).toEqual({ sites: ['a', 'b', 'c'], km: 2 });
  expect(shortest(links.slice(2), 'a', 'b')).toBeNull();
});
