import { describe, expect, it } from 'vitest';
import { placesOf } from './places';

const tree = [
  { id: 'clara' },
  { id: 'rnp', parent: 'clara' },
  { id: 'usp', parent: 'rnp' },
  { id: 'reuna', parent: 'clara' },
];
const at = (...organisations: string[]) => organisations.map((organisation) => ({ organisation }));

describe('places of a person', () => {
  it('are where they stand and what is below', () => expect(placesOf(tree, at('rnp'))).toEqual(['rnp', 'usp']));
  it('are those of all their roles', () => expect(placesOf(tree, at('usp', 'reuna'))).toEqual(['usp', 'reuna']));
  it('are all for who stands everywhere', () => expect(placesOf(tree, at('usp', ''))).toHaveLength(4));
  it('are none without a role', () => expect(placesOf(tree, [])).toEqual([]));
  it('end in a circle too', () =>
    expect(
      placesOf(
        [
          { id: 'a', parent: 'b' },
          { id: 'b', parent: 'a' },
        ],
        at('c'),
      ),
    ).toEqual([]));
});
