import {
  currentUser,
  cursor,
  fieldProblem,
  nextPage,
  pageLimit,
  problem,
  type Routes,
  readPage,
} from '@emporium/service';
import type { Store } from '@emporium/store';
import { z } from 'zod';
import { discardMany } from './discard-many.ts';
import type { createReplay, Replay } from './replay.ts';
import { recordDeed } from './store/audit.ts';
import {
  countLetters,
  countOpen,
  findLetter,
  listLetters,
  markDiscarded,
  openLetters,
  originalBody,
  stepsOf,
} from './store/dead-letters.ts';
import type { Tables } from './store/tables.ts';
import { letterSummary, letterWhole, status, viewSummary, viewWhole } from './views.ts';

export interface DeadLetterParts {
  readonly store: Store<Tables>;
  readonly replay: ReturnType<typeof createReplay>;
}

const text = z.string().min(1).max(500);
const filter = { subscription: text.optional(), code: text.optional(), type: text.optional() };
const discarding = z
  .object({
    ...filter,
    /** Those whose last failure was before this. */
    failedBefore: z.iso.datetime({ offset: true, error: 'must be an RFC 3339 time' }).optional(),
    reason: text,
    limit: z.int().min(1).max(50_000).default(10_000),
  })
  .refine(
    ({ subscription, code, type, failedBefore }) =>
      (subscription ?? code ?? type ?? failedBefore) !== undefined,
    {
      path: ['subscription'],
      message: 'or another filter must be given: code, type or failedBefore',
    },
  );
const params = z.object({ id: z.string().max(100) });
const config = { access: 'administrator' } as const;
const resolved = 'It was replayed or discarded already, or somebody replays it right now';

/** For administrators: what is in dead letters may be personal data. */
export const deadLetterRoutes =
  ({ store, replay }: DeadLetterParts): Routes =>
  (server) => {
    server.get(
      '/api/admin/dead-letters',
      {
        config,
        schema: {
          summary: 'Dead letters, the newest first',
          querystring: z.object({
            ...filter,
            status: status.optional(),
            before: cursor,
            limit: pageLimit(500, 50),
          }),
          response: {
            200: z.object({
              deadLetters: z.array(letterSummary),
              ...nextPage,
              /** Of all pages, by status, under the other filters; each is counted up to 250,000. On the first page alone. */
              counts: z.object({ open: z.int(), replayed: z.int(), discarded: z.int() }).optional(),
            }),
          },
        },
      },
      async (request, reply) => {
        const { query } = request;
        const [{ rows, next }, counts] = await Promise.all([
          readPage(request, reply, {
            limit: query.limit,
            parameter: 'before',
            read: (limit) => listLetters(store.db, query, { ...query, limit }),
            cursorOf: ({ id }) => id,
          }),
          query.before === undefined ? countLetters(store.db, query) : undefined,
        ]);
        return { deadLetters: rows.map(viewSummary), ...next, ...(counts === undefined ? {} : { counts }) };
      },
    );

    server.get(
      '/api/admin/dead-letters/:id',
      { config, schema: { summary: 'One dead letter, whole', params, response: { 200: letterWhole } } },
      async (request) => {
        const { id } = request.params;
        const letter = await findLetter(store.db, id);
        if (letter === undefined) throw notFound();
        await store.transaction(({ tx, now }) =>
          recordDeed(
            tx,
            { userId: currentUser(request).userId, action: 'dead-letter.read', target: id },
            now,
          ),
        );
        return viewWhole(letter, await originalBody(store.db, id), await stepsOf(store.db, id));
      },
    );

    server.post(
      '/api/admin/dead-letters/:id/replay',
      {
        config: { ...config, problems: { 409: resolved, 422: 'The edited body is no message' } },
        schema: {
          summary: 'Send it to its subscription again, as it is or with an edited body',
          params,
          body: z.object({ body: z.unknown().optional() }).nullish(),
          response: { 200: letterSummary },
        },
      },
      async (request) => {
        const { id } = request.params;
        const { body: edited } = request.body ?? {};
        const outcome = await replay({
          id,
          userId: currentUser(request).userId,
          ...(edited === undefined ? {} : { edited: { body: edited } }),
        });
        if (outcome.kind !== 'replayed') throw problemOf(outcome);
        const letter = await findLetter(store.db, id);
        if (letter === undefined) throw notFound();
        return viewSummary(letter);
      },
    );

    server.post(
      '/api/admin/dead-letters/:id/discard',
      {
        config: { ...config, problems: { 409: resolved } },
        schema: {
          summary: 'Set it aside for good',
          params,
          body: z.object({ reason: text }),
          response: { 200: letterSummary },
        },
      },
      async (request) => {
        const { id } = request.params;
        const { reason } = request.body;
        const { userId } = currentUser(request);
        const isDiscarded = await store.transaction(async ({ tx, now }) => {
          if (!(await markDiscarded(tx, { id, userId, reason }, now))) return false;
          await recordDeed(
            tx,
            { userId, action: 'dead-letter.discard', target: id, details: { reason } },
            now,
          );
          return true;
        });
        const letter = await findLetter(store.db, id);
        if (letter === undefined) throw notFound();
        if (!isDiscarded) {
          throw problemOf(
            letter.status === 'open' ? { kind: 'claimed' } : { kind: 'resolved', status: letter.status },
          );
        }
        return viewSummary(letter);
      },
    );

    server.post(
      '/api/admin/dead-letters/discard',
      {
        config,
        schema: {
          summary: 'Discard open dead letters for good, the oldest first, in batches; says how many',
          body: discarding,
          response: {
            200: z.object({
              discarded: z.int(),
              /** Open ones that match still: beyond the limit, being replayed, or arrived meanwhile. */
              remaining: z.int(),
            }),
          },
        },
      },
      async (request) => {
        const { reason, limit, failedBefore, ...filter } = request.body;
        const before = failedBefore === undefined ? undefined : new Date(failedBefore);
        const discarded = await discardMany(store, {
          filter: {
            ...filter,
            failedBefore: before,
            openedBefore: new Date(),
          },
          userId: currentUser(request).userId,
          ...{ reason, limit, action: 'dead-letter.discard-many' },
        });
        return { discarded, remaining: await countOpen(store.db, filter, before) };
      },
    );

    server.post(
      '/api/admin/dead-letters/replay',
      {
        config,
        schema: {
          summary:
            'Replay open dead letters as they are, the oldest first; stops when the broker refuses one',
          body: z.object({ ...filter, limit: z.int().min(1).max(500).default(100) }),
          response: {
            200: z.object({
              replayed: z.int(),
              notReplayed: z.array(z.object({ id: z.string(), why: z.string() })),
            }),
          },
        },
      },
      async (request) => {
        const { userId } = currentUser(request);
        const notReplayed: { id: string; why: string }[] = [];
        let replayed = 0;
        for (const id of await openLetters(store.db, request.body, request.body.limit)) {
          const outcome = await replay({ id, userId });
          if (outcome.kind === 'replayed') replayed += 1;
          else if (outcome.kind === 'refused' && replayed === 0) throw problemOf(outcome);
          else notReplayed.push({ id, why: problemOf(outcome).message });
          if (outcome.kind === 'refused') break;
        }
        return { replayed, notReplayed };
      },
    );
  };

const notFound = () => problem(404, 'not-found', 'There is no such dead letter.');

const problemOf = (outcome: Exclude<Replay, { kind: 'replayed' }>) => {
  switch (outcome.kind) {
    case 'unknown':
      return notFound();
    case 'resolved':
      return problem(409, 'already-resolved', `The dead letter was ${outcome.status} already.`);
    case 'claimed':
      return problem(409, 'being-replayed', 'The dead letter is being replayed; look again in a minute.');
    case 'impossible':
      return problem(409, outcome.obstacle, outcome.detail);
    case 'unsendable':
      return problem(422, 'message-refused', `No broker takes it: ${outcome.reason}`);
    case 'wrong-body': {
      return fieldProblem(422, 'unreadable-message', outcome.errors);
    }
    case 'refused':
      return problem(503, 'broker-refused', `The broker did not take it: ${outcome.reason}`, {
        headers: { 'retry-after': '5' },
      });
  }
};
