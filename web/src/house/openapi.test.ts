import { expect, it } from 'vitest';
import { routesOf } from './openapi';

it('lists the routes of a document, with what is referred to', () => {
  const document = {
    components: {
      parameters: { limit: { name: 'limit', in: 'query', description: 'Items a page', schema: { type: 'integer' } } },
    },
    paths: {
      '/api/v1/sites/{id}': {
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
        get: {
          summary: 'One site',
          tags: ['registry'],
          parameters: [{ $ref: '#/components/parameters/limit' }],
          responses: {},
        },
        put: { summary: 'Change it', requestBody: { content: { 'application/json': { schema: { type: 'object' } } } } },
      },
      '/api/v1/journal/stream': { get: { responses: { '200': { content: { 'text/event-stream': {} } } } } },
    },
  };
  const [get, put, stream] = routesOf(document);
  expect(get).toMatchObject({ method: 'GET', summary: 'One site', tag: 'registry', body: null, stream: false });
  expect(get!.parameters.map((parameter) => [parameter.name, parameter.in, parameter.type])).toEqual([
    ['id', 'path', 'string'],
    ['limit', 'query', 'integer'],
  ]);
  expect(put!.body).toEqual({ type: 'object' });
  expect(stream!.stream).toBe(true);
});
