import type { Registry } from '@emporium/contracts';
import type { HttpReply, HttpRequest, HttpServer } from '@emporium/service';
import { z } from 'zod';
import type { Worker } from '../addresses.ts';
import { adminPath } from '../admin/session.ts';
import { prefersPages } from '../front-page.ts';
import { headline } from './headline.ts';
import type { Observations } from './observations.ts';
import { statusHeaders, statusPage } from './page.ts';
import { createReport } from './report.ts';

export interface StatusPages {
  /** `/status`, a page or JSON as the caller prefers, and `/status.json`. */
  readonly routes: (server: HttpServer) => void;
  readonly adminPath: string;
  /** The same below `/admin`, with texts of errors, reasons and user ids. */
  readonly adminRoutes: (server: HttpServer) => void;
}

interface StatusOptions {
  readonly observations: Observations;
  readonly registry: Registry;
  readonly workers: readonly Worker[];
}

const query = z.object({
  refresh: z.coerce
    .number('must be a number of seconds')
    .int('must be a whole number of seconds')
    .min(5, 'must be 5 or more')
    .max(3_600, 'must be 3600 or less')
    .optional(),
});

export const createStatusPages = ({ observations, registry, workers }: StatusOptions): StatusPages => {
  const serviceOf = new Map(workers.map(({ name, service }) => [name, service]));

  const read = async (forAdministrators: boolean) => {
    const observed = await observations.read();
    return createReport(observed, { at: new Date(), registry, workers: serviceOf, forAdministrators });
  };

  const add = (server: HttpServer, path: string, forAdministrators: boolean): void => {
    const access = forAdministrators ? 'administrator' : 'public';
    const json = async () => {
      const report = await read(forAdministrators);
      return { headline: headline(report), ...report };
    };
    const page = async (request: HttpRequest, reply: HttpReply, refresh: number | undefined) => {
      reply.header('vary', 'accept');
      if (!prefersPages(request.headers.accept)) return json();
      const html = statusPage(await read(forAdministrators), { path, forAdministrators, refresh });
      return reply.headers(statusHeaders).send(html);
    };
    server.get(path, { config: { access }, schema: { hide: true, querystring: query } }, (request, reply) =>
      page(request, reply, request.query.refresh),
    );
    server.get(`${path}.json`, { config: { access }, schema: { hide: true } }, json);
  };

  const adminStatus = `${adminPath}/status`;
  return {
    routes: (server) => add(server, '/status', false),
    adminPath: adminStatus,
    adminRoutes: (server) => add(server, adminStatus, true),
  };
};
