import { currentUser, cursor, nextPage, pageLimit, type Routes, readPage } from '@emporium/service';
import { inSnapshot } from '@emporium/store';
import { v7 as uuid } from 'uuid';
import { z } from 'zod';
import { newSecret } from '../signature.ts';
import { listChanges, recordChange } from '../store/changes.ts';
import {
  addWebhook,
  changeWebhook,
  findWebhook,
  listWebhooks,
  lockWebhook,
  removeWebhook,
  rotateSecret,
} from '../store/webhooks.ts';
import type { WebhookRouteOptions } from './options.ts';
import { acceptUrl, noWebhook, tooManyWebhooks } from './problems.ts';
import { config, description, events, params, url } from './schemas.ts';
import { changeView, viewChange, viewWebhook, webhookView } from './views.ts';

/** The most webhooks of a shop. */
const maxWebhooks = 50;
/** How long the secret before a rotation stays valid, in milliseconds. */
const rotationMs = 24 * 60 * 60 * 1_000;
/** The newest changes that are shown with a webhook. */
const shownChanges = 20;

/** Shown once. */
const secret = z.string().meta({ description: 'Shown once: the receiver verifies signatures with it' });

/** Registers, lists, changes and removes webhooks. */
export const webhookRoutes =
  (options: WebhookRouteOptions): Routes =>
  (server) => {
    const { store, clock } = options;
    const stored = async (id: string, db = store.db) => {
      const webhook = await findWebhook(db, id);
      if (webhook === undefined) throw noWebhook();
      return viewWebhook(webhook, clock());
    };

    server.post(
      '/api/admin/webhooks',
      {
        config: {
          ...config,
          problems: { 409: 'There are too many webhooks', 422: 'Nothing is sent to this URL' },
        },
        schema: {
          summary: 'Register a webhook; the answer has its secret',
          body: z.object({ url, events, description: description.optional() }),
          response: { 201: webhookView.extend({ secret }) },
        },
      },
      async (request, reply) => {
        const { body } = request;
        const webhook = {
          id: uuid(),
          url: await acceptUrl(body.url, options),
          events: typesOf(body.events),
          description: body.description || undefined,
          secret: newSecret(),
        };
        const { userId } = currentUser(request);
        const isAdded = await store.transaction(async ({ tx }) => {
          const now = clock();
          const added = await addWebhook(tx, webhook, { max: maxWebhooks, now });
          const details = { url: webhook.url, events: body.events };
          if (added)
            await recordChange(tx, { webhookId: webhook.id, userId, action: 'created', details }, now);
          return added;
        });
        if (!isAdded) throw tooManyWebhooks(maxWebhooks);
        return reply.code(201).send({ ...(await stored(webhook.id)), secret: webhook.secret });
      },
    );

    server.get(
      '/api/admin/webhooks',
      {
        config,
        schema: { summary: 'List webhooks', response: { 200: z.object({ webhooks: z.array(webhookView) }) } },
      },
      async () => ({ webhooks: (await listWebhooks(store.db)).map((each) => viewWebhook(each, clock())) }),
    );

    server.get(
      '/api/admin/webhooks/changes',
      {
        config,
        schema: {
          summary: 'List what was done to webhooks, also to removed ones, newest first',
          querystring: z.object({
            webhookId: z.uuid().optional(),
            before: cursor,
            limit: pageLimit(500, 50),
          }),
          response: { 200: z.object({ changes: z.array(changeView), ...nextPage }) },
        },
      },
      async (request, reply) => {
        const { query } = request;
        const { rows, next } = await readPage(request, reply, {
          limit: query.limit,
          parameter: 'before',
          read: (limit) => listChanges(store.db, { ...query, limit }),
          cursorOf: ({ id }) => id,
        });
        return { changes: rows.map(viewChange), ...next };
      },
    );

    server.get(
      '/api/admin/webhooks/:id',
      {
        config,
        schema: {
          summary: 'Get a webhook with its last changes',
          params,
          response: { 200: webhookView.extend({ changes: z.array(changeView) }) },
        },
      },
      ({ params: { id } }) =>
        inSnapshot(store.db, async (snapshot) => {
          const webhook = await stored(id, snapshot);
          const changes = await listChanges(snapshot, { webhookId: id, limit: shownChanges });
          return { ...webhook, changes: changes.map(viewChange) };
        }),
    );

    server.put(
      '/api/admin/webhooks/:id',
      {
        config: { ...config, problems: { 422: 'Nothing is sent to this URL' } },
        schema: {
          summary:
            'Change the given fields of a webhook; a webhook that is enabled gets its open deliveries at once',
          params,
          body: z
            .object({ url, events, description, enabled: z.boolean() })
            .partial()
            .refine((fields) => Object.keys(fields).length > 0, 'must have a field to change'),
          response: { 200: webhookView },
        },
      },
      async (request) => {
        const { body } = request;
        const { id } = request.params;
        const { userId } = currentUser(request);
        const changes = {
          ...body,
          url: body.url === undefined ? undefined : await acceptUrl(body.url, options),
          events: body.events === undefined ? undefined : typesOf(body.events),
        };
        await store.transaction(async ({ tx }) => {
          const now = clock();
          const webhook = await lockWebhook(tx, id);
          if (webhook === undefined) throw noWebhook();
          await changeWebhook(tx, webhook, changes, now);
          const details = { ...body, ...(changes.url === undefined ? {} : { url: changes.url }) };
          await recordChange(tx, { webhookId: id, userId, action: 'changed', details }, now);
        });
        return stored(id);
      },
    );

    server.delete(
      '/api/admin/webhooks/:id',
      {
        config,
        schema: { summary: 'Remove a webhook with its deliveries', params, response: { 204: z.null() } },
      },
      async (request, reply) => {
        const { id } = request.params;
        const { userId } = currentUser(request);
        const webhook = await stored(id);
        await store.transaction(async ({ tx }) => {
          if (!(await removeWebhook(tx, id))) throw noWebhook();
          const details = { url: webhook.url, open: webhook.deliveries.pending };
          await recordChange(tx, { webhookId: id, userId, action: 'removed', details }, clock());
        });
        return reply.code(204).send(null);
      },
    );

    server.post(
      '/api/admin/webhooks/:id/rotate-secret',
      {
        config,
        schema: {
          summary: 'Make a new secret; for a day attempts are signed with both',
          params,
          response: { 200: webhookView.extend({ secret }) },
        },
      },
      async (request) => {
        const { id } = request.params;
        const { userId } = currentUser(request);
        const rotated = newSecret();
        await store.transaction(async ({ tx }) => {
          const now = clock();
          const webhook = await lockWebhook(tx, id);
          if (webhook === undefined) throw noWebhook();
          const previousUntil = new Date(now.getTime() + rotationMs);
          await rotateSecret(tx, webhook, { secret: rotated, previousUntil });
          await recordChange(tx, { webhookId: id, userId, action: 'secret-rotated' }, now);
        });
        return { ...(await stored(id)), secret: rotated };
      },
    );
  };

/** Null: all. */
const typesOf = (given: 'all' | readonly string[]): readonly string[] | null =>
  given === 'all' ? null : [...new Set(given)];
