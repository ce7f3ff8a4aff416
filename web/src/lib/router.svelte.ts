// The portal's addresses. Paths hold no dots; filters, dates and zoom live in the query, so that an address can be sent on.

import type { Component } from 'svelte';

export type Parameters = Record<string, string>;
export type Page = { default: Component<{ params: Parameters }> };

export interface Route {
  /** "/links/:id" */
  pattern: string;
  load: () => Promise<Page>;
}

export interface Match {
  route: Route;
  params: Parameters;
}

function matchPattern(pattern: string, path: string): Parameters | null {
  const wanted = pattern.split('/');
  const parts = path.split('/');
  if (wanted.length !== parts.length) return null;
  const params: Parameters = {};
  for (const [i, part] of parts.entries()) {
    const want = wanted[i]!;
    if (want.startsWith(':')) {
      if (!part) return null;
      try {
        params[want.slice(1)] = decodeURIComponent(part);
      } catch {
        return null;
      }
    } else if (want !== part) return null;
  }
  return params;
}

/** The first route whose pattern the path fits; a slash at the end makes no difference. */
export function findRoute(routes: Route[], path: string): Match | null {
  const clean = path.length > 1 ? path.replace(/\/+$/, '') : path;
  for (const route of routes) {
    const params = matchPattern(route.pattern, clean);
    if (params) return { route, params };
  }
  return null;
}

/** Path with a query made of the values that are set. */
export function address(path: string, query: Record<string, string | number | null | undefined> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== null && value !== undefined && value !== '') search.set(name, String(value));
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}

/** Where the reader is. */
class Place {
  path = $state('/');
  search = $state('');
  /** Rises when the reader goes to another page, so that focus and scroll follow. */
  visits = $state(0);
  query = $derived(new URLSearchParams(this.search));

  get(name: string): string | null {
    return this.query.get(name);
  }
}

export const place = new Place();

function read(): void {
  place.path = location.pathname;
  place.search = location.search;
}

/** Goes to an address of the portal. */
export function go(to: string, { replace = false } = {}): void {
  const url = new URL(to, location.href);
  const elsewhere = url.pathname !== location.pathname;
  if (replace) history.replaceState(null, '', url);
  else history.pushState(null, '', url);
  read();
  if (elsewhere) {
    place.visits++;
    window.scrollTo(0, 0);
  }
}

/** Sets parameters of the present address; null removes one. */
export function setQuery(values: Record<string, string | number | null>, { replace = true } = {}): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === '') query.delete(name);
    else query.set(name, String(value));
  }
  const text = query.toString();
  go(text ? `${location.pathname}?${text}` : location.pathname, { replace });
}

function followed(event: MouseEvent): string | null {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    return null;
  const anchor = event
    .composedPath()
    .find((node): node is Element => node instanceof Element && node.tagName.toLowerCase() === 'a');
  const href = anchor?.getAttribute('href');
  if (!anchor || !href || anchor.hasAttribute('download') || anchor.hasAttribute('target')) return null;
  const url = new URL(href, location.href);
  if (url.origin !== location.origin || url.pathname.startsWith('/api/') || href.startsWith('#')) return null;
  return url.pathname + url.search;
}

/** Follows the browser's history and the clicks on links inside the portal. */
export function startRouter(): void {
  read();
  addEventListener('popstate', () => {
    const before = place.path;
    read();
    if (place.path !== before) place.visits++;
  });
  document.addEventListener('click', (event) => {
    const to = followed(event);
    if (to === null) return;
    event.preventDefault();
    go(to);
  });
}
