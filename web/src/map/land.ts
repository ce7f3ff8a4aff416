// Land and borders, loaded when the first map is drawn.

import type { FeatureCollection, MultiLineString } from 'geojson';
import { feature, mesh } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import url from 'world-atlas/countries-110m.json?url';

export interface Land {
  land: FeatureCollection;
  borders: MultiLineString;
}

let pending: Promise<Land> | null = null;

export function land(): Promise<Land> {
  pending ??= read().catch((error: unknown) => {
    pending = null; // the next map tries again
    throw error;
  });
  return pending;
}

async function read(): Promise<Land> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  const topology = (await answer.json()) as Topology<{ countries: GeometryCollection; land: GeometryCollection }>;
  return {
    land: feature(topology, topology.objects.land) as FeatureCollection,
    borders: mesh(topology, topology.objects.countries, (a, b) => a !== b),
  };
}
