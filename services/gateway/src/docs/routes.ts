import type { Registry } from '@emporium/contracts';
import { asyncapi } from '@emporium/contracts/documents';
import type { HttpServer } from '@emporium/service';
import { pageHeaders } from '../admin/pages.ts';
import { eventsPage } from './events-page.ts';

/** The messages of the shop: as a page for people, and as an AsyncAPI document. Each is created by the first request. */
export const messageDocs = (server: HttpServer, registry: Registry): void => {
  const route = { schema: { hide: true }, config: { access: 'public' } } as const;
  const html = once(() => eventsPage(registry));
  const document = once(() => JSON.stringify(asyncapi(registry)));
  server.get('/docs/events', route, (_request, reply) => reply.headers(pageHeaders).send(html()));
  server.get('/docs/asyncapi.json', route, (_request, reply) =>
    reply.header('content-type', 'application/json; charset=utf-8').send(document()),
  );
};

const once = <Value>(create: () => Value): (() => Value) => {
  let created: Value | undefined;
  return () => {
    created ??= create();
    return created;
  };
};
