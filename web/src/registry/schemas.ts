import { get } from '../api/client';
import type { Schemas } from './fields';

let pending: Promise<Schemas> | null = null;

/** The registry's schemas; they change only with the hub. */
export function schemas(): Promise<Schemas> {
  pending ??= get<Schemas>('/registry/schemas').catch((error: unknown) => {
    pending = null;
    throw error;
  });
  return pending;
}
