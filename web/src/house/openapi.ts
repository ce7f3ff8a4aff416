// The routes of an OpenAPI 3.1 document, as the API page lists them.

export interface ApiParameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  description: string;
  type: string;
}

export interface ApiRoute {
  method: string;
  path: string;
  summary: string;
  tag: string;
  permission: string;
  parameters: ApiParameter[];
  body: unknown;
  stream: boolean;
}

type Json = Record<string, unknown>;
const kMethods = ['get', 'post', 'put', 'patch', 'delete'];

function resolve(document: Json, value: unknown): Json {
  const reference = (value as Json | null)?.['$ref'];
  if (typeof reference !== 'string') return (value ?? {}) as Json;
  return reference
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>((at, step) => (at as Json)[step.replace(/~1/g, '/').replace(/~0/g, '~')], document) as Json;
}

function typeOf(schema: Json): string {
  const type = Array.isArray(schema['type']) ? schema['type'].join(' | ') : String(schema['type'] ?? 'any');
  return schema['format'] ? `${type}, ${String(schema['format'])}` : type;
}

export function routesOf(document: Json): ApiRoute[] {
  return Object.entries((document['paths'] ?? {}) as Record<string, Json>).flatMap(([path, item]) =>
    kMethods
      .filter((method) => item[method])
      .map((method): ApiRoute => {
        const operation = item[method] as Json;
        const parameters = [
          ...((item['parameters'] as unknown[]) ?? []),
          ...((operation['parameters'] as unknown[]) ?? []),
        ].map((one) => {
          const parameter = resolve(document, one);
          return {
            name: String(parameter['name']),
            in: parameter['in'] as ApiParameter['in'],
            required: parameter['required'] === true,
            description: String(parameter['description'] ?? ''),
            type: typeOf(resolve(document, parameter['schema'])),
          };
        });
        const content = (resolve(document, operation['requestBody'])['content'] ?? {}) as Record<string, Json>;
        const ok = resolve(document, ((operation['responses'] ?? {}) as Json)['200']);
        return {
          method: method.toUpperCase(),
          path,
          summary: String(operation['summary'] ?? ''),
          tag: String((operation['tags'] as string[] | undefined)?.[0] ?? ''),
          permission: String(operation['x-permission'] ?? ''),
          parameters,
          body: Object.keys(content).length ? resolve(document, Object.values(content)[0]!['schema']) : null,
          stream: Object.keys((ok['content'] ?? {}) as Json).includes('text/event-stream'),
        };
      }),
  );
}
