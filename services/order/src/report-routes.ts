import { money, sku } from '@emporium/contracts';
import type { Projections } from '@emporium/event-store';
import {
  cursor,
  fieldProblem,
  nextPage,
  pageLimit,
  problem,
  type Routes,
  readPage,
  wholeNumber,
} from '@emporium/service';
import type { Store } from '@emporium/store';
import { z } from 'zod';
import type { OrderTables } from './store/tables.ts';
import { atLeast, type WaitForVersion } from './views/at-least.ts';
import { projections } from './views/index.ts';
import { operations } from './views/operations.ts';
import { productSales } from './views/product-sales.ts';
import { countOrders, listRevenue, listSales, listStuckOrders } from './views/reports.ts';

interface ReportDependencies {
  readonly store: Store<OrderTables>;
  readonly views: Projections;
  readonly waitForVersion: WaitForVersion;
}

const access = { access: 'administrator' } as const;
const { currency } = money.shape;
const day = z.iso
  .date('must be a date such as 2026-01-31')
  .refine((text) => text >= '2000-01-01', 'must not be before the year 2000');
/** In minor units; a sum has no maximum. */
const amount = z.int();

const dayMs = 24 * 60 * 60 * 1_000;
const maxDays = 366;
const usualDays = 30;

const monthOfSeconds = 30 * 24 * 60 * 60;

/** Reports for administrators, from read models that are built from the events of all orders. */
export const reportRoutes =
  ({ store: { db }, views, waitForVersion }: ReportDependencies): Routes =>
  (server) => {
    server.get(
      '/api/admin/reports/orders',
      {
        config: access,
        schema: {
          summary: 'How many orders there are in each status, and what they cost together',
          querystring: z.object({ atLeast }),
          response: {
            200: z.object({
              counts: z.array(count),
            }),
          },
        },
      },
      async ({ query }) => {
        await waitForVersion(operations, query.atLeast);
        return { counts: await countOrders(db) };
      },
    );

    server.get(
      '/api/admin/reports/stuck-orders',
      {
        config: access,
        schema: {
          summary: 'Orders that need attention, or have not moved on for long; the oldest first',
          querystring: z.object({
            unchangedForSeconds: wholeNumber({ min: 0, max: monthOfSeconds, usual: 300 }),
            limit: pageLimit(1_000, 50),
            after: cursor,
            atLeast,
          }),
          response: { 200: z.object({ orders: z.array(stuckOrder), ...nextPage }) },
        },
      },
      async (request, reply) => {
        const { query } = request;
        await waitForVersion(operations, query.atLeast);
        const unchangedSince = new Date(Date.now() - query.unchangedForSeconds * 1_000);
        const { rows, next } = await readPage(request, reply, {
          limit: query.limit,
          parameter: 'after',
          read: (limit) => listStuckOrders(db, { unchangedSince, after: query.after, limit }),
          cursorOf: ({ orderId }) => orderId,
        });
        return { orders: [...rows], ...next };
      },
    );

    server.get(
      '/api/admin/reports/revenue',
      {
        config: access,
        schema: {
          summary: 'What completed orders brought in and what was paid back, by day (UTC) and currency',
          querystring: z.object({
            from: day.optional().describe(`The first day; ${usualDays} days up to the last one by default`),
            to: day.optional().describe('The last day; today by default'),
            currency: currency.optional(),
            atLeast,
          }),
          response: { 200: z.object({ from: z.string(), to: z.string(), days: z.array(revenue) }) },
        },
      },
      async ({ query }) => {
        const range = rangeOf(query, new Date());
        await waitForVersion(operations, query.atLeast);
        return { ...range, days: await listRevenue(db, { ...range, currency: query.currency }) };
      },
    );

    server.get(
      '/api/admin/reports/product-sales',
      {
        config: access,
        schema: {
          summary:
            'What was sold of each product in completed orders, by currency, the highest revenue first',
          querystring: z.object({
            currency: currency.optional(),
            sku: sku.optional(),
            limit: pageLimit(1_000, 100),
            atLeast,
          }),
          response: { 200: z.object({ products: z.array(sale) }) },
        },
      },
      async ({ query }) => {
        await waitForVersion(productSales, query.atLeast);
        return { products: await listSales(db, query) };
      },
    );

    server.get(
      '/api/admin/reports/projections',
      {
        config: access,
        schema: {
          summary: 'The read models: their versions, how far they are behind, and why one has stopped',
          response: { 200: z.object({ projections: z.array(projectionStatus) }) },
        },
      },
      async () => ({
        projections: (await views.status()).map(({ builtAt, build, ...status }) => ({
          ...status,
          ...(builtAt === undefined ? {} : { builtAt: builtAt.toISOString() }),
          ...(build === undefined ? {} : { build: { ...build, startedAt: build.startedAt.toISOString() } }),
        })),
      }),
    );

    server.post(
      '/api/admin/reports/projections/:name/rebuild',
      {
        config: { access: 'administrator', problems: { 409: 'A newer version is live, or is being built' } },
        schema: {
          summary: 'Build a read model again, beside the live one, which it replaces in one step',
          params: z.object({ name: z.string().max(100) }),
          response: { 202: z.object({ name: z.string(), version: z.int() }) },
        },
      },
      async (request, reply) => {
        const { name } = request.params;
        const projection = projections.find((each) => each.name === name);
        if (projection === undefined) {
          const names = projections.map((each) => each.name).join(', ');
          throw fieldProblem(404, 'not-found', [{ field: 'name', message: `must be one of ${names}` }]);
        }
        if ((await views.rebuild(projection)) === 'newer-version')
          throw problem(
            409,
            'newer-version',
            'A newer version is live, or is being built; nothing was changed.',
          );
        return reply.code(202).send({ name, version: projection.version });
      },
    );
  };

const count = z.object({ status: z.string(), orders: z.int(), total: z.object({ amount, currency }) });

const stuckOrder = z.object({
  orderId: z.string(),
  customerId: z.string(),
  status: z.string(),
  since: z.string(),
  step: z.string().optional(),
  reason: z.string().optional(),
  total: money,
  href: z.string(),
});

const revenue = z.object({
  day: z.string(),
  currency: z.string(),
  orders: z.int(),
  revenue: amount,
  refunded: amount,
});

const sale = z.object({ sku: z.string(), currency: z.string(), units: z.int(), revenue: amount });

const lag = z.object({ events: z.int(), seconds: z.number() });
const failure = z
  .object({
    ...{ id: z.string(), stream: z.string(), version: z.int(), type: z.string() },
    ...{ reason: z.string(), since: z.string() },
  })
  .optional();
const projectionStatus = z.object({
  name: z.string(),
  version: z.int().optional(),
  lag,
  failure,
  builtAt: z.string().optional(),
  build: z.object({ version: z.int(), startedAt: z.string(), events: z.int(), lag, failure }).optional(),
});

interface Days {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

const rangeOf = ({ from, to }: Days, now: Date): Required<{ from: string; to: string }> => {
  const last = to ?? dayOf(now.getTime());
  const first = from ?? dayOf(Date.parse(last) - (usualDays - 1) * dayMs);
  const days = (Date.parse(last) - Date.parse(first)) / dayMs + 1;
  const wrong = (message: string) => fieldProblem(400, 'invalid-request', [{ field: 'query.from', message }]);
  if (days < 1) throw wrong(`must not be after the last day, ${last}`);
  if (days > maxDays) throw wrong(`must be at most ${maxDays} days before the last day, ${last}`);
  return { from: first, to: last };
};

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
