// Where somebody stands in the tree of organisations.

export interface Place {
  id: string;
  parent?: string;
}

/** The organisations where they stand and all that are connected through these; all of them for who stands everywhere. */
export function placesOf(all: Place[], standings: { organisation: string }[]): string[] {
  const held = new Set(standings.map((one) => one.organisation));
  if (held.has('')) return all.map((one) => one.id);
  const parents = new Map(all.map((one) => [one.id, one.parent]));
  const stands = (id: string): boolean => {
    const seen = new Set<string>();
    for (let at: string | undefined = id; at && !seen.has(at); at = parents.get(at)) {
      if (held.has(at)) return true;
      seen.add(at);
    }
    return false;
  };
  return all.filter((one) => stands(one.id)).map((one) => one.id);
}
