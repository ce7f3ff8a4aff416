// Names of objects that others point to, read once for a page.

import { all } from '../api/client';
import type { Kind, RegistryObject } from '../api/types';
import { Loaded } from '../lib/load.svelte';
import { session } from '../lib/session.svelte';
import { titleOf } from './fields';

export class Names {
  #tables: Loaded<Map<string, Map<string, RegistryObject>>>;

  constructor(kinds: () => Kind[]) {
    this.#tables = new Loaded(async (signal) => {
      const wanted = kinds();
      const day = session.asOf;
      const lists = await Promise.all(wanted.map((kind) => all<RegistryObject>(`/${kind}`, { as_of: day }, signal)));
      return new Map(wanted.map((kind, i) => [kind, new Map(lists[i]!.map((object) => [object.id, object]))]));
    });
  }

  get ready(): boolean {
    return this.#tables.value !== null;
  }

  of(kind: string, id: string): string {
    const object = this.#tables.value?.get(kind)?.get(id);
    if (kind === 'links' && object)
      return `${this.of('sites', String(object['a']))}–${this.of('sites', String(object['b']))}`;
    return object ? titleOf(object) : id;
  }

  all(kind: string): RegistryObject[] {
    return [...(this.#tables.value?.get(kind)?.values() ?? [])];
  }
}
