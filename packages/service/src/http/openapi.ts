import swagger from '@fastify/swagger';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { createJsonSchemaTransform } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { problemDocument, problemMediaType } from './problem.ts';

export interface ApiDescription {
  readonly title: string;
  readonly description: string;
  /** Answers `/openapi.json` in place of the description of the server's own routes. */
  readonly document?: () => Promise<object>;
}

/** Describes the routes at `/openapi.json`. The document is made when it is first asked for. */
export const describeApi = async (
  server: FastifyInstance,
  { title, description, document }: ApiDescription,
): Promise<void> => {
  /** Operations whose body may be left out, as `post /path/{id}`: the plugin takes every body for required. */
  const withoutBody = new Set<string>();
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title, description, version: '1' },
      components: {
        securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      },
    },
    transform: (route) => {
      const { schema, url } = toJsonSchema(route);
      const access = route.route.config?.access ?? 'public';
      if (isOptional(route.route.schema?.body)) withoutBody.add(operationOf(route.route));
      return {
        url,
        schema: {
          ...schema,
          ...(access === 'public' ? {} : { security: [{ token: [] }] }),
          response: { ...successesOf(schema), ...problemsOf(route.route) },
        },
      };
    },
  });
  server.get(
    '/openapi.json',
    { schema: { hide: true } },
    () => document?.() ?? documentOf(server, withoutBody),
  );
};

/** The plugin would resolve a reference to a schema that it finds: what the answers refer to is added afterwards. */
const documentOf = (server: FastifyInstance, withoutBody: ReadonlySet<string>): object => {
  const document = server.swagger();
  const paths: object = document.paths ?? {};
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations as Record<string, Operation>)) {
      // of our routes
      const { requestBody } = operation;
      if (requestBody !== undefined && withoutBody.has(`${method} ${path}`)) requestBody.required = false;
    }
  }
  const components = 'components' in document ? document.components : {};
  return { ...document, components: { ...components, schemas: { Problem: problemSchema } } };
};

interface Operation {
  readonly requestBody?: { required?: boolean };
}

const isOptional = (schema: unknown): boolean =>
  schema instanceof z.core.$ZodType && z.core.safeParse(schema, undefined).success;

const operationOf = ({ method, url }: RouteOptions): string =>
  `${[method].flat()[0]?.toLowerCase()} ${url.replace(/:(\w+)/g, '{$1}')}`;

const toJsonSchema = createJsonSchemaTransform({});

const { $schema: _, ...problemSchema } = z.toJSONSchema(problemDocument);

const problemAnswer = (description: string) => ({
  description,
  content: { [problemMediaType]: { schema: { $ref: '#/components/schemas/Problem' } } },
});

/** The problems that a route can answer with: those that follow from its schemas and its access, and its own. */
const problemsOf = ({ url, schema, config }: RouteOptions): object => {
  const access = config?.access ?? 'public';
  const statuses: Record<string, string> = {
    400: 'Malformed; `errors` names the fields',
    ...(access === 'public' ? {} : { 401: 'No valid token' }),
    ...(access === 'administrator' ? { 403: 'For administrators alone' } : {}),
    ...(url.includes(':') ? { 404: 'Not found' } : {}),
    ...(schema?.body === undefined
      ? {}
      : { 413: 'The body is too large', 415: 'The body is not JSON in UTF-8' }),
    431: 'The address or the headers are too long',
    ...config?.problems,
    '5XX': 'A fault of the shop, or it has too much to do: `Retry-After` says when to try again',
  };
  return Object.fromEntries(Object.entries(statuses).map(([status, why]) => [status, problemAnswer(why)]));
};

const successesOf = (schema: unknown): object => {
  const declared =
    typeof schema === 'object' && schema !== null && 'response' in schema ? schema.response : undefined;
  return typeof declared === 'object' && declared !== null ? declared : { 200: { description: 'Done' } };
};
