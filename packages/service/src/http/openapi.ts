import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { createJsonSchemaTransform } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { problemDocument, problemMediaType } from './problem.ts';

export interface ApiDescription {
  readonly title: string;
  readonly description: string;
}

/** Describes the routes at `/openapi.json`. The document is made when it is first asked for. */
export const describeApi = async (
  server: FastifyInstance,
  { title, description }: ApiDescription,
): Promise<void> => {
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title, description, version: '1' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    },
    transform: (route) => {
      const { schema, url } = toJsonSchema(route);
      const access = route.route.config?.access ?? 'public';
      return {
        url,
        schema: {
          ...schema,
          ...(access === 'public' ? {} : { security: [{ token: [] }] }),
          response: { ...responsesOf(schema), default: problemResponse },
        },
      };
    },
  });
  server.get('/openapi.json', { schema: { hide: true } }, () => server.swagger());
};

const toJsonSchema = createJsonSchemaTransform({});

const problemResponse = {
  description: 'A problem, as RFC 9457 has it',
  content: { [problemMediaType]: { schema: z.toJSONSchema(problemDocument) } },
};

const responsesOf = (schema: unknown): object =>
  typeof schema === 'object' && schema !== null && 'response' in schema && typeof schema.response === 'object'
    ? (schema.response ?? {})
    : {};
