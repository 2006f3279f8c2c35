import { causeOf } from '@emporium/bus';
import type { RepairInput } from '@emporium/saga';
import {
  actorOf,
  currentUser,
  type HttpReply,
  type HttpRequest,
  nextPage,
  plainText,
  problem,
  type Routes,
  readPage,
} from '@emporium/service';
import type { Store } from '@emporium/store';
import { z } from 'zod';
import type { AdministeredSagas } from './administered-sagas.ts';
import { pageOf, sagaListQuery } from './saga-list-query.ts';
import { detailOf, sagaDetail, sagaState, sagaSummary, summaryOf } from './saga-views.ts';
import type { OrderTables } from './store/tables.ts';
import { versionNote, versionsAfter } from './views/at-least.ts';

interface SagaDependencies {
  readonly store: Store<OrderTables>;
  readonly sagas: readonly AdministeredSagas[];
}

const access = 'administrator';
const params = z.object({ id: z.string().max(100) });
const note = plainText(500).describe('Why; it is kept with the saga, and not in the events of the order');
const repaired = z.object({ saga: z.string(), id: z.string(), state: sagaState, href: z.string() });
const problems = { 409: 'The action makes no sense now; the detail says why' };

/** The sagas of orders and refunds: what they wait for, and what administrators can do about parked ones. */
export const sagaRoutes =
  ({ store, sagas }: SagaDependencies): Routes =>
  (server) => {
    server.get(
      '/api/admin/sagas',
      {
        config: { access },
        schema: {
          summary: 'Sagas: those whose deadline has passed first, then the oldest',
          querystring: sagaListQuery,
          response: { 200: z.object({ sagas: z.array(sagaSummary), ...nextPage }) },
        },
      },
      async (request, reply) => {
        const { query } = request;
        const { query: of, cursorOf } = pageOf(query);
        const wanted = sagas.filter(({ saga }) => query.saga === undefined || query.saga === saga);
        const { rows, next } = await readPage(request, reply, {
          limit: query.limit,
          parameter: 'after',
          read: async (limit) => {
            const lists = await Promise.all(wanted.map((each) => each.list({ ...of, limit })));
            return lists.flat().toSorted(byUrgency).slice(0, limit);
          },
          cursorOf: ({ isOverdue, state: { id } }) => cursorOf({ isOverdue, id }),
        });
        return { sagas: rows.map(summaryOf), ...next };
      },
    );

    server.get(
      '/api/admin/sagas/:id',
      {
        config: { access },
        schema: {
          summary: 'One saga: its steps, what happens next, what can be done, and what was done',
          params,
          response: { 200: sagaDetail },
        },
      },
      async (request) => {
        for (const each of sagas) {
          const found = await each.find(request.params.id, new Date());
          if (found !== undefined) return detailOf(found);
        }
        throw unknownSaga();
      },
    );

    server.post(
      '/api/admin/sagas/:id/retry',
      {
        config: { access, problems },
        schema: {
          summary: 'Send the pending command of a parked saga again',
          description: versionNote,
          params,
          body: z.object({ note: note.optional() }).optional(),
          response: { 202: repaired },
        },
      },
      (request, reply) => repair(request, reply, request.params.id, { kind: 'retry' }, request.body?.note),
    );

    server.post(
      '/api/admin/sagas/:id/compensate',
      {
        config: { access, problems },
        schema: {
          summary: 'Compensate an order whose dispatch was cancelled without a reply',
          description: `Only after somebody has checked that it was not shipped. ${versionNote}`,
          params,
          body: z.object({ note }),
          response: { 202: repaired },
        },
      },
      (request, reply) =>
        repair(request, reply, request.params.id, { kind: 'compensate' }, request.body.note),
    );

    server.post(
      '/api/admin/sagas/:id/resolve',
      {
        config: { access, problems },
        schema: {
          summary: 'Continue a parked saga whose step was done by hand, or abandon a refund',
          description: `The command of the step is not sent again; what it left reserved at the payment service is given back. ${versionNote}`,
          params,
          body: z.object({
            note,
            outcome: z
              .enum(['done', 'abandoned'])
              .default('done')
              .describe('`abandoned`: a refund that will not be paid'),
          }),
          response: { 202: repaired },
        },
      },
      (request, reply) => {
        const { note: why, outcome } = request.body;
        return repair(request, reply, request.params.id, { kind: 'resolve', outcome }, why);
      },
    );

    const repair = async (
      request: HttpRequest,
      reply: HttpReply,
      id: string,
      input: RepairInput,
      why: string | undefined,
    ) => {
      const { userId: by, role } = currentUser(request);
      const outcome = await store.transaction(async ({ tx, now, context, effects }) => {
        const cause = causeOf(context, actorOf({ userId: by, role }));
        for (const each of sagas) {
          const result = await each.repair(tx, id, { input, by, note: why }, now, cause);
          if (result === undefined) continue;
          if (result.kind === 'refused') throw notPossible(input, result.reason);
          effects.push(...result.effects);
          const version = (await versionsAfter(tx, [result.orderId])).get(result.orderId);
          return { saga: each.saga, state: result.status, version };
        }
        throw unknownSaga();
      });
      const { saga, state, version = {} } = outcome;
      return reply
        .code(202)
        .headers(version)
        .send({ saga, id, state, href: `/api/admin/sagas/${id}` });
    };
  };

interface Ranked {
  readonly isOverdue: boolean;
  readonly state: { readonly id: string };
}

/** As the store orders them. */
const byUrgency = (one: Ranked, other: Ranked): number => {
  if (one.isOverdue !== other.isOverdue) return one.isOverdue ? -1 : 1;
  if (one.state.id === other.state.id) return 0;
  return one.state.id < other.state.id ? -1 : 1;
};

const unknownSaga = () => problem(404, 'not-found', 'There is no such saga.');

const notPossible = ({ kind }: RepairInput, reason: string) =>
  problem(409, 'not-possible', `${kind} is not possible: ${reason}.`);
