import type { HttpServer } from '@emporium/service';
import { z } from 'zod';
import type { Faults } from '../faults.ts';
import { idempotencyHeaders, idempotencyKeyOf } from '../idempotency-key.ts';
import { forgetOldest } from '../outcome.ts';
import type { Play } from '../stage.ts';
import type { Ledger } from './ledger.ts';
import { ledgerLine, money } from './records.ts';
import { behaviourOf } from './test-tokens.ts';

const text = z.string().min(1).max(200);
const authorisationRequest = z.object({ amount: money, token: text, reference: text });
const amountRequest = z.object({ amount: money.optional() }).nullish();
const params = z.object({ id: text });
const tags = ['payment'];

/** Keys whose calls are counted. */
const capacity = 100_000;

export interface Payments {
  readonly ledger: Ledger;
  readonly faults: Faults;
  readonly play: Play;
}

export const paymentRoutes = (server: HttpServer, { ledger, faults, play }: Payments): void => {
  const calls = new Map<string, number>();

  /** A token's own fault strikes the first calls with a key. */
  const tokenFault = (key: string, token: string) => {
    const { fault } = behaviourOf(token);
    if (fault === undefined) return undefined;
    const call = (calls.get(key) ?? 0) + 1;
    calls.set(key, call);
    forgetOldest(calls, capacity);
    return call <= fault.times ? fault : undefined;
  };

  server.post(
    '/payments/authorisations',
    { schema: { tags, headers: idempotencyHeaders, body: authorisationRequest } },
    (request, reply) => {
      const { token, reference } = request.body;
      const key = idempotencyKeyOf(request);
      const fault =
        faults.take('payment', { operation: 'authorise', reference, token }) ?? tokenFault(key, token);
      return play({ request, reply }, fault, (isRefused) => ledger.authorise(key, request.body, isRefused));
    },
  );

  const faultOf = (operation: string, id: string) => {
    const { reference, token } = ledger.find(id) ?? {};
    return faults.take('payment', { operation, reference, token });
  };

  server.post(
    '/payments/authorisations/:id/capture',
    { schema: { tags, params, headers: idempotencyHeaders, body: amountRequest } },
    (request, reply) => {
      const { id } = request.params;
      const [key, { amount }] = [idempotencyKeyOf(request), request.body ?? {}];
      return play({ request, reply }, faultOf('capture', id), (isRefused) =>
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
        return play({ request, reply }, faultOf('refund', id), (isRefused) =>
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
      return play({ request, reply }, faultOf('void', id), (isRefused) => ledger.void(id, isRefused));
    },
  );

  server.post('/payments/voids', { schema: { tags, body: z.object({ key: text }) } }, (request, reply) => {
    const { key } = request.body;
    const { reference, token } = ledger.findByKey(key) ?? {};
    const fault = faults.take('payment', { operation: 'void', reference, token });
    return play({ request, reply }, fault, (isRefused) => ledger.voidByKey(key, isRefused));
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
