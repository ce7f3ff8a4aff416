// Every address of the portal, in the order in which they are tried; each page is a chunk that is loaded when opened.

import type { Page, Route } from '../lib/router.svelte';

const lazy = (pattern: string, load: () => Promise<unknown>): Route => ({ pattern, load: load as () => Promise<Page> });

export const routes: Route[] = [lazy('/', () => import('../home/Home.svelte'))];
