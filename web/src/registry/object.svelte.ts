// One object of the registry as its page shows it.

import { ask } from '../api/client';
import type { Kind, RegistryObject, Schema } from '../api/types';
import { Loaded } from '../lib/load.svelte';
import { session } from '../lib/session.svelte';
import { schemas } from './schemas';

export class ObjectPage<T extends { id: string } = RegistryObject> {
  readonly object: Loaded<T>;
  readonly schema: Loaded<Schema>;

  constructor(kind: Kind, id: () => string) {
    this.object = new Loaded(
      async (signal) =>
        (await ask<T>(`/${kind}/${encodeURIComponent(id())}`, { as_of: session.asOf }, { signal })).value,
      () => `${kind}/${id()}`,
    );
    this.schema = new Loaded(async () => (await schemas())[kind]);
  }
}
