// Where cords and knots lie on the paper: projection, cords that bend away from the network's middle, and names that do not
// cover one another.

import { geoAzimuthalEqualArea, geoCentroid, geoPath, type GeoPermissibleObjects } from 'd3-geo';

export interface Place {
  id: string;
  name: string;
  latitude: number;
  longitude: number;
  pop: boolean;
}

export interface Cord {
  id: string;
  a: string;
  b: string;
}

export type Point = [number, number];

export interface Projection {
  point: (longitude: number, latitude: number) => Point | null;
  path: (object: GeoPermissibleObjects) => string;
}

/** An equal-area projection centred on the places, which fill the paper but for the margin. */
export function project(places: Place[], width: number, height: number, margin: number): Projection {
  const spots = places.map((place): Point => [place.longitude, place.latitude]);
  const points = { type: 'MultiPoint' as const, coordinates: spots.length ? spots : ([[-65, -8]] as Point[]) };
  const [longitude, latitude] = geoCentroid(points);
  const projection = geoAzimuthalEqualArea().rotate([-longitude, -latitude]).clipAngle(120);
  if (spots.length > 1)
    projection.fitExtent(
      [
        [margin, margin],
        [width - margin, height - margin],
      ],
      points,
    );
  else projection.scale(Math.min(width, height)).translate([width / 2, height / 2]);
  projection.scale(Math.min(projection.scale(), Math.max(width, height) * 3));
  projection.clipExtent([
    [-20, -20],
    [width + 20, height + 20],
  ]);
  const draw = geoPath(projection).digits(1);
  const unclipped = projection.clipExtent(null);
  return {
    point: (lon, lat) => unclipped([lon, lat]),
    path: (object) => {
      projection.clipExtent([
        [-20, -20],
        [width + 20, height + 20],
      ]);
      const text = draw(object) ?? '';
      projection.clipExtent(null);
      return text;
    },
  };
}

export interface Bend {
  from: Point;
  control: Point;
  to: Point;
  middle: Point;
}

/** A cord hangs a little away from the network's middle; several between the same two knots hang side by side. */
export function bend(from: Point, to: Point, centre: Point, beside = 0): Bend {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const length = Math.hypot(dx, dy) || 1;
  const middle: Point = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
  const normal: Point = [-dy / length, dx / length];
  const outward = (middle[0] - centre[0]) * normal[0] + (middle[1] - centre[1]) * normal[1] >= 0 ? 1 : -1;
  const sag = Math.min(length * 0.14, 60) + beside * 18;
  const control: Point = [middle[0] + normal[0] * sag * outward, middle[1] + normal[1] * sag * outward];
  return {
    from,
    control,
    to,
    middle: [(from[0] + 2 * control[0] + to[0]) / 4, (from[1] + 2 * control[1] + to[1]) / 4],
  };
}

const round = (value: number) => Math.round(value * 10) / 10;

export function bendPath({ from, control, to }: Bend): string {
  return `M${round(from[0])} ${round(from[1])}Q${round(control[0])} ${round(control[1])} ${round(to[0])} ${round(to[1])}`;
}

/** The point at a share (0..1) of the way along the cord. */
export function along({ from, control, to }: Bend, share: number): Point {
  const rest = 1 - share;
  return [
    rest * rest * from[0] + 2 * rest * share * control[0] + share * share * to[0],
    rest * rest * from[1] + 2 * rest * share * control[1] + share * share * to[1],
  ];
}

export interface Label {
  x: number;
  y: number;
  anchor: 'start' | 'middle' | 'end';
}

interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

const kLine = 16; // height of a name
const kLetter = 7.1; // mean width of a letter at 13 px

function boxOf(label: Label, name: string): Box {
  const width = name.length * kLetter;
  const left = label.anchor === 'start' ? label.x : label.anchor === 'end' ? label.x - width : label.x - width / 2;
  return { left, right: left + width, top: label.y - kLine + 4, bottom: label.y + 4 };
}

function overlap(x: Box, y: Box): number {
  const width = Math.min(x.right, y.right) - Math.max(x.left, y.left);
  const height = Math.min(x.bottom, y.bottom) - Math.max(x.top, y.top);
  return width > 0 && height > 0 ? width * height : 0;
}

/** Places each name at the one of eight spots around its knot where it covers least. */
export function placeLabels(
  knots: { id: string; name: string; at: Point }[],
  cords: Bend[],
  width: number,
  height: number,
): Map<string, Label> {
  const taken: Box[] = knots.map(({ at: [x, y] }) => ({ left: x - 8, right: x + 8, top: y - 8, bottom: y + 8 }));
  const threads: Box[] = cords.flatMap((cord) =>
    Array.from({ length: 15 }, (_, i) => {
      const [x, y] = along(cord, (i + 1) / 16);
      return { left: x - 3, right: x + 3, top: y - 3, bottom: y + 3 };
    }),
  );
  const labels = new Map<string, Label>();
  for (const { id, name, at } of knots) {
    const [x, y] = at;
    const spots: Label[] = [
      { x: x + 12, y: y + 4, anchor: 'start' },
      { x: x - 12, y: y + 4, anchor: 'end' },
      { x, y: y + 22, anchor: 'middle' },
      { x, y: y - 13, anchor: 'middle' },
      { x: x + 9, y: y - 8, anchor: 'start' },
      { x: x + 9, y: y + 17, anchor: 'start' },
      { x: x - 9, y: y - 8, anchor: 'end' },
      { x: x - 9, y: y + 17, anchor: 'end' },
    ];
    const costs = spots.map((spot, i) => {
      const box = boxOf(spot, name);
      const outside = box.left < 0 || box.right > width || box.top < 0 || box.bottom > height ? 5000 : 0;
      const names = taken.reduce((sum, other) => sum + overlap(box, other), 0);
      const lines = threads.reduce((sum, thread) => sum + overlap(box, thread), 0);
      return outside + names * 6 + lines + i;
    });
    const best = spots[costs.indexOf(Math.min(...costs))]!;
    labels.set(id, best);
    taken.push(boxOf(best, name));
  }
  return labels;
}
