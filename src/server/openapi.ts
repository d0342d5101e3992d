/** The OpenAPI document: a fold over what the dialects serve, from the schemas that read it and that answers are typed by. */
import { z } from 'zod';
import type { Answer, Route } from './route.js';

/** Routes, and what they answer when something goes wrong. */
export interface Served {
  readonly routes: readonly Route[];
  readonly errors: z.ZodType;
}

/** An OpenAPI 3.1 document, whose schemas are JSON Schema 2020-12. */
export function openApi(version: string, served: readonly Served[]) {
  const paths: Record<string, Record<string, object>> = {};
  for (const { routes, errors } of served) {
    for (const route of routes) {
      const operation = operationOf(route, errors);
      for (const path of route.paths) {
        const template = templateOf(path);
        paths[template] = { ...paths[template], [route.method]: { ...operation, ...parametersOf(path) } };
      }
    }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Outrider', version },
    components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
    security: [{ key: [] }],
    paths,
  };
}

function operationOf({ summary, access, body, answer }: Route, errors: z.ZodType): object {
  return {
    summary,
    ...(access === 'public' && { security: [] }),
    ...(body !== undefined && { requestBody: { required: true, content: contentOf({ json: body }) } }),
    responses: {
      200: {
        description: answer.events ? 'Of a stream: the data of each event.' : 'Done.',
        content: contentOf(answer),
      },
      default: { description: 'What went wrong.', content: contentOf({ json: errors }) },
    },
  };
}

function contentOf({ json, events, text }: Answer): object {
  return {
    ...(json !== undefined && { 'application/json': { schema: jsonSchema(json) } }),
    ...(events !== undefined && { 'text/event-stream': { schema: jsonSchema(events) } }),
    ...(text !== undefined && { [text]: { schema: { type: 'string' } } }),
  };
}

/** What is read by a function of ours has no schema; such a field is any value here. */
function jsonSchema(schema: z.ZodType): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    // As a reader, of answers too: what later versions add to them breaks nobody.
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema: one }) => {
      // Of our lists, which no code may change; of fields it would say that requests must not have them.
      delete one.readOnly;
    },
  });
  return rest;
}

/** A path's parameters as hono writes them: `:id`, `:id{pattern}`. */
const PARAMETER = /:(\w+)(?:\{[^}]*\})?/g;

function templateOf(path: string): string {
  return path.replace(PARAMETER, '{$1}');
}

function parametersOf(path: string): { readonly parameters?: readonly object[] } {
  const names = [...path.matchAll(PARAMETER)].map(([, name]) => name);
  if (names.length === 0) return {};
  return { parameters: names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })) };
}
