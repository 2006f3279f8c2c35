import fastify, { type FastifyInstance, type RouteOptions } from 'fastify';
import { createJsonSchemaTransform } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { problemDocument, problemMediaType } from './problems/problem.ts';

export interface ApiDescription {
  readonly title: string;
  readonly description: string;
  /** Replaces the description of the server's own routes at `/openapi.json`. */
  readonly document?: () => Promise<object>;
}

/**
 * Describes the routes that are added from now on at `/openapi.json`. The document is created by the first request, by a server of its
 * own, because what that needs takes 2 MB and most processes never need it.
 */
export const describeApi = (server: FastifyInstance, api: ApiDescription): void => {
  const routes: RouteOptions[] = [];
  server.addHook('onRoute', (route) => {
    if (route.method !== 'HEAD') routes.push(route);
  });
  let document: Promise<object> | undefined;
  server.get('/openapi.json', { schema: { hide: true } }, () => {
    if (api.document !== undefined) return api.document();
    document ??= describe(routes, api).catch((error: unknown) => {
      document = undefined; // the next request tries again
      throw error;
    });
    return document;
  });
};

const describe = async (
  routes: readonly RouteOptions[],
  { title, description }: ApiDescription,
): Promise<object> => {
  const { default: swagger } = await import('@fastify/swagger');
  /** Operations with an optional body, such as `post /path/{id}`: the plugin marks every body as required. */
  const withoutBody = new Set<string>();
  const server = fastify({ exposeHeadRoutes: false });
  server.setValidatorCompiler(() => () => true);
  server.setSerializerCompiler(() => JSON.stringify);
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
          response: { ...successResponsesOf(schema), ...problemsOf(route.route) },
        },
      };
    },
  });
  for (const { method, url, schema = {}, config = {} } of routes)
    server.route({ method, url, schema, config, handler: () => undefined });
  await server.ready();
  return documentOf(server, withoutBody);
};

/** The plugin would inline the Problem schema: the responses refer to it, and it is added afterwards. */
const documentOf = (server: FastifyInstance, withoutBody: ReadonlySet<string>): object => {
  const document = server.swagger();
  const paths: object = document.paths ?? {};
  for (const [path, operations] of Object.entries(paths)) {
    // The operations of our own routes.
    for (const [method, operation] of Object.entries(operations as Record<string, Operation>)) {
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

const problemResponse = (description: string) => ({
  description,
  content: { [problemMediaType]: { schema: { $ref: '#/components/schemas/Problem' } } },
});

/** The problems of a route: those that follow from its schemas and its access, and those that it declares. */
const problemsOf = ({ url, schema, config }: RouteOptions): object => {
  const access = config?.access ?? 'public';
  const statuses: Record<string, string> = {
    400: 'The request is malformed; `errors` names the fields',
    ...(access === 'public' ? {} : { 401: 'The token is missing or not valid' }),
    ...(access === 'administrator' ? { 403: 'For administrators only' } : {}),
    ...(url.includes(':') ? { 404: 'Not found' } : {}),
    ...(schema?.body === undefined
      ? {}
      : { 413: 'The body is too large', 415: 'The body is not JSON in UTF-8' }),
    431: 'The address or the headers are too long',
    ...config?.problems,
    '5XX': 'An error of the shop, or it is overloaded: `Retry-After` says when to try again',
  };
  return Object.fromEntries(Object.entries(statuses).map(([status, why]) => [status, problemResponse(why)]));
};

const successResponsesOf = (schema: unknown): object => {
  const declared =
    typeof schema === 'object' && schema !== null && 'response' in schema ? schema.response : undefined;
  return typeof declared === 'object' && declared !== null ? declared : { 200: { description: 'Done' } };
};
