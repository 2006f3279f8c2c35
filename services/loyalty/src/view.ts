import {
  type HttpReply,
  type HttpRequest,
  nextPage,
  pageLimit,
  readPage,
  wholeNumber,
} from '@emporium/service';
import { inSnapshot } from '@emporium/store';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import { listEntries, readBalance } from './store/entries.ts';
import type { Tables } from './store/tables.ts';

/** The largest version of an event stream. */
const maxNumber = 2_147_483_647;

export const page = z.object({
  limit: pageLimit(500, 50),
  /** The number of the last entry of the previous page. */
  before: wholeNumber({ min: 1, max: maxNumber, usual: maxNumber }),
});

export const ledgerView = z.object({
  customerId: z.string(),
  points: z.int(),
  entries: z.array(
    z.object({
      number: z.int(),
      at: z.string(),
      orderId: z.string(),
      kind: z.enum(['earned', 'taken-back']),
      points: z.int(),
      balance: z.int(),
    }),
  ),
  ...nextPage,
});

interface View {
  readonly request: HttpRequest;
  readonly reply: HttpReply;
  readonly customerId: string;
  readonly query: z.output<typeof page>;
}

/** A customer's points, and a page of the entries that led to them; a customer that is not known here has none. */
export const viewLedger = (db: Kysely<Tables>, { request, reply, customerId, query }: View) =>
  inSnapshot(db, async (snapshot) => {
    const { before } = query;
    const points = await readBalance(snapshot, customerId);
    const { rows, next } = await readPage(request, reply, {
      limit: query.limit,
      parameter: 'before',
      read: (limit) => listEntries(snapshot, { customerId, before, limit }),
      cursorOf: ({ number }) => String(number),
    });
    return { customerId, points, entries: [...rows], ...next };
  });
