// What may be announced where it does not belong: what other members announce, and of each the first part that still
// travels, which wins by being longer.

import type { LabNode } from '../api/types';

export interface ForeignPrefix {
  prefix: string;
  holder: string;
  part: boolean;
}

/** /24 and /48 are the longest that networks take from one another. */
export function partOf(prefix: string): string | null {
  const [address = '', length = ''] = prefix.split('/');
  const longest = address.includes(':') ? 48 : 24;
  return Number(length) < longest ? `${address}/${longest}` : null;
}

export function foreignPrefixes(nodes: LabNode[], site: string): ForeignPrefix[] {
  const own = nodes.find((node) => node.site === site)?.member_as;
  return nodes
    .filter((node) => node.member && node.member_as !== own)
    .flatMap((node) =>
      (node.announces ?? []).flatMap((prefix) => {
        const holder = node.member!;
        const part = partOf(prefix);
        return [{ prefix, holder, part: false }, ...(part ? [{ prefix: part, holder, part: true }] : [])];
      }),
    );
}
