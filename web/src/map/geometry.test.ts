import { describe, expect, it } from 'vitest';
import { kObjects } from '../../dev/redclara';
import { along, bend, placeLabels, project, type Place, type Point } from './geometry';

const places = kObjects.sites.filter((site) => site['pop']) as unknown as Place[];

describe('projection', () => {
  it.each([
    [800, 680],
    [328, 380],
  ])('keeps every place on a paper of %i × %i', (width, height) => {
    const { point } = project(places, width, height, 36);
    for (const place of places) {
      const [x, y] = point(place.longitude, place.latitude)!;
      expect(x).toBeGreaterThanOrEqual(35);
      expect(x).toBeLessThanOrEqual(width - 35);
      expect(y).toBeGreaterThanOrEqual(35);
      expect(y).toBeLessThanOrEqual(height - 35);
    }
  });

  it('does with one place, and with none', () => {
    expect(project(places.slice(0, 1), 400, 400, 20).point(places[0]!.longitude, places[0]!.latitude)).toEqual([
      expect.closeTo(200),
      expect.closeTo(200),
    ]);
    expect(project([], 400, 400, 20).point(-65, -8)).not.toBeNull();
  });
});

describe('cords', () => {
  const from: Point = [0, 0];
  const to: Point = [100, 0];

  it('end at their knots and bend away from the middle', () => {
    const below = bend(from, to, [50, -80]);
    expect(along(below, 0)).toEqual(from);
    expect(along(below, 1)).toEqual(to);
    expect(along(below, 0.5)).toEqual(below.middle);
    expect(below.middle[1]).toBeGreaterThan(0);
    expect(bend(from, to, [50, 80]).middle[1]).toBeLessThan(0);
  });

  it('lie side by side between the same knots', () => {
    expect(bend(from, to, [50, -80], 1).middle[1]).toBeGreaterThan(bend(from, to, [50, -80], 0).middle[1] + 5);
  });

  it('of no length do not break', () => {
    expect(bend(from, from, from).middle.every(Number.isFinite)).toBe(true);
  });
});

it('names do not cover one another', () => {
  const { point } = project(places, 800, 680, 56);
  const knots = places.map((place) => ({
    id: place.id,
    name: place.name,
    at: point(place.longitude, place.latitude)!,
  }));
  const labels = placeLabels(knots, [], 800, 680);
  const boxes = knots.map(({ id, name }) => {
    const label = labels.get(id)!;
    const width = name.length * 7.1;
    const left = label.anchor === 'start' ? label.x : label.anchor === 'end' ? label.x - width : label.x - width / 2;
    return { left, right: left + width, top: label.y - 12, bottom: label.y + 4 };
  });
  for (const [i, one] of boxes.entries())
    for (const other of boxes.slice(i + 1))
      expect(one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom).toBe(
        false,
      );
});
