import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { HttpReply, HttpServer } from '@emporium/service';
import fastifyStatic from '@fastify/static';

/** What `vite build` writes. */
const built = fileURLToPath(new URL('../dist', import.meta.url));

/** Scripts, styles, images and data of this shop alone, and nothing inline. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The built pages. Both are single-page applications: each address of one answers with the same document. */
export const pageRoutes = async (server: HttpServer): Promise<void> => {
  if (!existsSync(built))
    throw new Error('services/web/dist is missing: build the pages with `npx vite build` in services/web');
  await server.register(fastifyStatic, {
    root: built,
    serve: false,
    preCompressed: true,
    cacheControl: false,
  });
  const hidden = { schema: { hide: true } } as const;

  const page = (paths: readonly string[], file: string): void => {
    for (const path of paths)
      server.get(path, hidden, (_request, reply: HttpReply) =>
        reply.header('content-security-policy', policy).header('cache-control', 'no-cache').sendFile(file),
      );
  };
  page(['/', '/shop', '/shop/*'], 'index.html');
  page(['/console', '/console/*'], 'console/index.html');

  // Their names contain a hash of their content.
  server.get('/assets/:name', hidden, (request, reply: HttpReply) => {
    const { name } = request.params as { name: string };
    return reply.header('cache-control', 'public, max-age=31536000, immutable').sendFile(`assets/${name}`);
  });
};
