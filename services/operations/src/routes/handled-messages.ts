import { pageLimit, type Routes } from '@emporium/service';
import type { Store } from '@emporium/store';
import { z } from 'zod';
import { type HandledMessage, readDeliveries } from '../store/spans/read-deliveries.ts';
import type { Tables } from '../store/tables.ts';
import { config, text } from './schemas.ts';

const handled = z.object({
  /** 16 hex digits: one delivery; a message may have several. */
  spanId: z.string(),
  traceId: z.string(),
  correlationId: z.string().optional(),
  messageId: z.string().optional(),
  type: z.string().optional(),
  subscription: z.string(),
  service: z.string(),
  at: z.string(),
  durationMs: z.number(),
  attempt: z.int().optional(),
  outcome: z.string().describe("'ack', 'retry', 'dead-letter', or 'none' where its consumer was stopped"),
  isError: z.boolean(),
  error: z.string().optional(),
});

/** The messages that were handled in the last hour, from recorded spans. */
export const handledMessageRoutes =
  (store: Store<Tables>): Routes =>
  (server) => {
    server.get(
      '/api/admin/messages',
      {
        config,
        schema: {
          summary: 'The messages that were handled last, newest first, from recorded spans',
          querystring: z.object({
            subscription: text.optional(),
            messageId: text.optional(),
            since: z.iso.datetime({ offset: true, error: 'must be an RFC 3339 time' }).optional(),
            limit: pageLimit(200, 50),
          }),
          response: { 200: z.object({ messages: z.array(handled) }) },
        },
      },
      async (request) => ({ messages: (await readDeliveries(store.db, request.query)).map(view) }),
    );
  };

const view = (message: HandledMessage): z.input<typeof handled> => ({
  spanId: message.spanId,
  traceId: message.traceId,
  ...(message.correlationId === null ? {} : { correlationId: message.correlationId }),
  ...(message.messageId === null ? {} : { messageId: message.messageId }),
  ...(message.type === null ? {} : { type: message.type }),
  subscription: message.subscription,
  service: message.service,
  at: new Date(message.started / 1_000).toISOString(),
  durationMs: message.duration / 1_000,
  ...(message.attempt === null ? {} : { attempt: message.attempt }),
  outcome: message.settlement ?? 'none',
  isError: message.isError,
  ...(message.error === null ? {} : { error: message.error }),
});
