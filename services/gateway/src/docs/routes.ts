import type { Registry } from '@emporium/contracts';
import { asyncapi, flowGraph } from '@emporium/contracts/documents';
import type { HttpServer } from '@emporium/service';
import { pageHeaders } from '../admin/pages.ts';
import { eventsPage } from './events-page.ts';

/** The messages of the shop: as a page for people, as an AsyncAPI document, and what follows from what. Each is created by the first request. */
export const messageDocs = (server: HttpServer, registry: Registry): void => {
  const route = { schema: { hide: true }, config: { access: 'public' } } as const;
  const html = once(() => eventsPage(registry));
  server.get('/docs/events', route, (_request, reply) => reply.headers(pageHeaders).send(html()));
  for (const [path, value] of Object.entries({ asyncapi, flow: flowGraph })) {
    const document = once(() => JSON.stringify(value(registry)));
    server.get(`/docs/${path}.json`, route, (_request, reply) =>
      reply.header('content-type', 'application/json; charset=utf-8').send(document()),
    );
  }
};

const once = <Value>(create: () => Value): (() => Value) => {
  let created: Value | undefined;
  return () => {
    created ??= create();
    return created;
  };
};
