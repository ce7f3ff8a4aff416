// The portal's way to the hub. Every failure becomes a Failed with the problem's words and the request's id.

import { address } from '../lib/router.svelte';
import type { List, Problem } from './types';

export const kApi = '/api/v1';
const kPage = 1000;

export class Failed extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem | null,
    readonly requestId: string | null,
    readonly where: string,
  ) {
    super(problem?.detail ?? problem?.title ?? (status ? `HTTP ${status}` : 'offline'));
  }
}

let lost: (() => void) | null = null;
/** Told of each refusal for want of a session: it may have ended. */
export function whenUnknown(tell: () => void): void {
  lost = tell;
}

type Query = Record<string, string | number | boolean | null | undefined>;

/** The last request of this page, for a problem report. */
export const lastRequest: { id: string | null; failed: string | null } = { id: null, failed: null };

export function apiAddress(path: string, query: Query = {}): string {
  const values = Object.entries(query).map(([name, value]) => [
    name,
    typeof value === 'boolean' ? String(value) : value,
  ]);
  return address(kApi + path, Object.fromEntries(values) as Record<string, string | number | null | undefined>);
}

export interface Answer<T> {
  value: T;
  etag: string | null;
}

export interface Ask {
  method?: string;
  body?: unknown;
  text?: string;
  file?: Blob;
  ifMatch?: number | string;
  signal?: AbortSignal;
}

export async function ask<T>(path: string, query: Query = {}, options: Ask = {}): Promise<Answer<T>> {
  const url = apiAddress(path, query);
  const headers: Record<string, string> = { Accept: 'application/json' };
  // A page of another site cannot send this header without asking first, which the hub never grants.
  if (options.method && options.method !== 'GET') headers['X-Quipu-Request'] = '1';
  let body: string | Blob | undefined;
  if (options.body !== undefined) {
    headers['Content-Type'] = 'application/json';
    body = JSON.stringify(options.body);
  } else if (options.text !== undefined) {
    headers['Content-Type'] = 'text/plain; charset=utf-8';
    body = options.text;
  } else if (options.file !== undefined) {
    headers['Content-Type'] = 'application/octet-stream';
    body = options.file;
  }
  if (options.ifMatch !== undefined) headers['If-Match'] = `"${options.ifMatch}"`;
  let response: Response;
  try {
    response = await fetch(url, { method: options.method ?? 'GET', headers, body, signal: options.signal });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Failed(0, null, null, url);
  }
  const id = response.headers.get('X-Request-Id');
  lastRequest.id = id;
  const text = await response.text();
  if (!response.ok) {
    lastRequest.failed = id;
    let problem: Problem | null = null;
    try {
      problem = JSON.parse(text) as Problem;
    } catch {
      // The answer was not the hub's own: the status has to do.
    }
    if (response.status === 401) lost?.();
    throw new Failed(response.status, problem, problem?.request_id ?? id, url);
  }
  return {
    value: (text ? JSON.parse(text) : null) as T,
    etag: response.headers.get('ETag')?.replace(/^W\//, '').replace(/"/g, '') ?? null,
  };
}

export async function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return (await ask<T>(path, query, { signal })).value;
}

/** A list that the hub answers whole, without pages. */
export async function whole<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T[]> {
  return (await get<List<T>>(path, query, signal)).items;
}

/** Every item of a list, page after page. */
export async function all<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: List<T> = await get<List<T>>(path, { limit: kPage, ...query, cursor }, signal);
    items.push(...page.items);
    cursor = page.next ?? null;
  } while (cursor);
  return items;
}
