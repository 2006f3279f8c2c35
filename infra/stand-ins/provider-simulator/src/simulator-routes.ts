import type { HttpServer } from '@emporium/service';
import { z } from 'zod';
import { shipmentsSchema } from './carrier/routes.ts';
import type { Shipments } from './carrier/shipments.ts';
import type { Fault, FaultRule, Faults, Selector, Target } from './faults.ts';
import type { Ledger } from './payment/ledger.ts';
import { ledgerSchema } from './payment/routes.ts';

const text = z.string().min(1).max(200);
const headerValue = z
  .string()
  .regex(/^[\x20-\x7e]{0,200}$/)
  .optional();
/** For `mode: 'answer'`. */
const cannedResponse = {
  status: z.int().min(200).max(599).optional(),
  headers: z
    .strictObject({ 'content-type': headerValue, location: headerValue, 'retry-after': headerValue })
    .optional(),
  body: z.union([z.string().max(100_000), z.record(z.string(), z.unknown())]).optional(),
  acts: z.boolean().optional(),
};
const common = {
  times: z.int().min(1).max(1_000_000).optional(),
  delayMs: z.int().min(0).max(600_000).optional(),
  reference: text.optional(),
  ...cannedResponse,
};
const paymentFault = z.object({
  mode: z.enum(['ok', 'decline', 'stall', 'busy', 'error', 'answer', 'charge-then-timeout']),
  operation: z.enum(['authorise', 'capture', 'void', 'refund']).optional(),
  token: text.optional(),
  ...common,
});
const carrierFault = z.object({
  mode: z.enum(['ok', 'fail', 'stall', 'busy', 'error', 'answer', 'ship-then-timeout']),
  operation: z.enum(['ship', 'cancel']).optional(),
  ...common,
});
const request = z.object({
  payment: z.union([paymentFault, z.array(paymentFault).max(100)]).optional(),
  carrier: z.union([carrierFault, z.array(carrierFault).max(100)]).optional(),
});
type FaultRequest = z.output<typeof paymentFault> | z.output<typeof carrierFault>;

const modes: Readonly<Record<Exclude<FaultRequest['mode'], 'ok'>, Fault['mode']>> = {
  decline: 'refuse',
  fail: 'refuse',
  stall: 'stall',
  busy: 'busy',
  error: 'error',
  answer: 'answer',
  'charge-then-timeout': 'timeout',
  'ship-then-timeout': 'timeout',
};
const tags = ['simulator'];

export interface SimulatorRoutesOptions {
  readonly faults: Faults;
  readonly ledger: Ledger;
  readonly shipments: Shipments;
}

/** Routes to configure faults and to inspect payments and shipments. */
export const simulatorRoutes = (
  server: HttpServer,
  { faults, ledger, shipments }: SimulatorRoutesOptions,
): void => {
  server.put('/simulator/faults', { schema: { tags, body: request } }, ({ body }) => {
    for (const fault of [body.payment ?? []].flat()) setFault(faults, 'payment', fault);
    for (const fault of [body.carrier ?? []].flat()) setFault(faults, 'carrier', fault);
    return { faults: faults.list().map(viewOf) };
  });

  server.get('/simulator/faults', { schema: { tags } }, () => ({ faults: faults.list().map(viewOf) }));

  server.delete(
    '/simulator/faults',
    {
      schema: {
        tags,
        querystring: z.object({ reference: text.optional() }),
        response: { 204: z.null() },
      },
    },
    async ({ query }, reply) => {
      faults.clear(query.reference);
      return reply.code(204).send(null);
    },
  );

  server.get('/simulator/ledger', { schema: ledgerSchema }, ({ query }) => ({
    authorisations: ledger.lines(query.reference),
  }));

  server.get('/simulator/shipments', { schema: shipmentsSchema }, ({ query }) => ({
    shipments: [...shipments.list(query.reference)],
  }));
};

const setFault = (faults: Faults, target: Target, requested: FaultRequest): void => {
  const selector: Selector = {
    operation: requested.operation,
    reference: requested.reference,
    token: 'token' in requested ? requested.token : undefined,
  };
  if (requested.mode === 'ok') {
    faults.remove(target, selector);
    return;
  }
  faults.set({
    target,
    ...selector,
    fault: faultOf(requested, modes[requested.mode]),
    times: requested.times,
  });
};

const faultOf = ({ delayMs, status, headers, body, acts }: FaultRequest, mode: Fault['mode']): Fault => {
  switch (mode) {
    case 'answer':
      return { mode, status, headers, body, acts };
    case 'stall':
    case 'busy':
      return { mode, delayMs };
    default:
      return { mode };
  }
};

const viewOf = ({ fault, ...rule }: FaultRule) => ({ ...rule, ...fault });
