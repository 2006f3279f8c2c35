import type { HttpServer } from '@emporium/service';
import { z } from 'zod';
import { evictOldest } from '../evict-oldest.ts';
import type { Faults } from '../faults.ts';
import { idempotencyHeaders, idempotencyKeyOf } from '../idempotency-key.ts';
import type { Respond } from '../responder.ts';
import type { Ledger } from './ledger.ts';
import { ledgerLine, money } from './records.ts';
import { behaviourOf } from './test-tokens.ts';

const text = z.string().min(1).max(200);
const authorisationRequest = z.object({ amount: money, token: text, reference: text });
const amountRequest = z.object({ amount: money.optional() }).nullish();
const params = z.object({ id: text });
const tags = ['payment'];

/** The number of idempotency keys whose calls are counted. */
const capacity = 100_000;

export interface PaymentRoutesOptions {
  readonly ledger: Ledger;
  readonly faults: Faults;
  readonly respond: Respond;
}

export const paymentRoutes = (
  server: HttpServer,
  { ledger, faults, respond }: PaymentRoutesOptions,
): void => {
  const calls = new Map<string, number>();

  /** A token's own fault affects the first calls with each idempotency key. */
  const tokenFault = (key: string, token: string) => {
    const { fault } = behaviourOf(token);
    if (fault === undefined) return undefined;
    const call = (calls.get(key) ?? 0) + 1;
    calls.set(key, call);
    evictOldest(calls, capacity);
    return call <= fault.times ? fault : undefined;
  };

  server.post(
    '/payments/authorisations',
    { schema: { tags, headers: idempotencyHeaders, body: authorisationRequest } },
    (request, reply) => {
      const { token, reference } = request.body;
      const key = idempotencyKeyOf(request);
      const fault =
        faults.match('payment', { operation: 'authorise', reference, token }) ?? tokenFault(key, token);
      return respond({ request, reply }, fault, (isRefused) =>
        ledger.authorise(key, request.body, isRefused),
      );
    },
  );

  const faultOf = (operation: string, id: string) => {
    const { reference, token } = ledger.find(id) ?? {};
    return faults.match('payment', { operation, reference, token });
  };

  server.post(
    '/payments/authorisations/:id/capture',
    { schema: { tags, params, headers: idempotencyHeaders, body: amountRequest } },
    (request, reply) => {
      const { id } = request.params;
      const [key, { amount }] = [idempotencyKeyOf(request), request.body ?? {}];
      return respond({ request, reply }, faultOf('capture', id), (isRefused) =>
        ledger.capture(key, id, amount, isRefused),
      );
    },
  );

  for (const url of ['/payments/captures/:id/refund', '/payments/authorisations/:id/refund']) {
    server.post(
      url,
      { schema: { tags, params, headers: idempotencyHeaders, body: amountRequest } },
      (request, reply) => {
        const { id } = request.params;
        const [key, { amount }] = [idempotencyKeyOf(request), request.body ?? {}];
        return respond({ request, reply }, faultOf('refund', id), (isRefused) =>
          ledger.refund(key, id, amount, isRefused),
        );
      },
    );
  }

  server.post(
    '/payments/authorisations/:id/void',
    { schema: { tags, params, body: z.object({}).nullish() } },
    (request, reply) => {
      const { id } = request.params;
      return respond({ request, reply }, faultOf('void', id), (isRefused) => ledger.void(id, isRefused));
    },
  );

  server.post('/payments/voids', { schema: { tags, body: z.object({ key: text }) } }, (request, reply) => {
    const { key } = request.body;
    const { reference, token } = ledger.findByKey(key) ?? {};
    const fault = faults.match('payment', { operation: 'void', reference, token });
    return respond({ request, reply }, fault, (isRefused) => ledger.voidByKey(key, isRefused));
  });

  server.get('/payments/ledger', { schema: ledgerSchema }, (request) => ({
    authorisations: ledger.lines(request.query.reference),
  }));
};

export const ledgerSchema = {
  tags: ['payment'],
  querystring: z.object({ reference: text.optional() }),
  response: { 200: z.object({ authorisations: z.array(ledgerLine) }) },
};
