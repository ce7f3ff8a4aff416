// A call of the fixture's API, and the ways in which it says no.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Problem } from '../src/api/types';

export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    detail: string,
    readonly rest: Partial<Problem> = {},
  ) {
    super(detail);
  }
}

export interface Call {
  method: string;
  parts: string[];
  query: URLSearchParams;
  body: string;
  request: IncomingMessage;
  response: ServerResponse;
}
