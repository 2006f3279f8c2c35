import type { HttpServer } from '@emporium/service';
import { z } from 'zod';
import { shipmentsSchema } from './carrier/routes.ts';
import type { Shipments } from './carrier/shipments.ts';
import type { Fault, Faults, Rule, Selector, Target } from './faults.ts';
import type { Ledger } from './payment/ledger.ts';
import { ledgerSchema } from './payment/routes.ts';

const text = z.string().min(1).max(200);
const headerValue = z
  .string()
  .regex(/^[\x20-\x7e]{0,200}$/)
  .optional();
/** Of `mode: 'answer'`: what is answered in place of the truth. */
const madeUp = {
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
  ...madeUp,
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
type AskedFault = z.output<typeof paymentFault> | z.output<typeof carrierFault>;

const modes: Readonly<Record<Exclude<AskedFault['mode'], 'ok'>, Fault['mode']>> = {
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

export interface Simulator {
  readonly faults: Faults;
  readonly ledger: Ledger;
  readonly shipments: Shipments;
}

/** For people and tests: what goes wrong from now on, and what happened. */
export const simulatorRoutes = (server: HttpServer, { faults, ledger, shipments }: Simulator): void => {
  server.put('/simulator/faults', { schema: { tags, body: request } }, ({ body }) => {
    for (const fault of [body.payment ?? []].flat()) put(faults, 'payment', fault);
    for (const fault of [body.carrier ?? []].flat()) put(faults, 'carrier', fault);
    return { faults: faults.list().map(listed) };
  });

  server.get('/simulator/faults', { schema: { tags } }, () => ({ faults: faults.list().map(listed) }));

  server.delete(
    '/simulator/faults',
    {
      schema: {
        tags,
        querystring: z.object({ reference: text.optional() }),
        response: { 204: z.null() },
      },
    },
    async (given, reply) => {
      faults.clear(given.query.reference);
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

const put = (faults: Faults, target: Target, asked: AskedFault): void => {
  const selector: Selector = {
    operation: asked.operation,
    reference: asked.reference,
    token: 'token' in asked ? asked.token : undefined,
  };
  if (asked.mode === 'ok') {
    faults.lift(target, selector);
    return;
  }
  faults.set({ target, ...selector, fault: faultOf(asked, modes[asked.mode]), times: asked.times });
};

const faultOf = ({ delayMs, status, headers, body, acts }: AskedFault, mode: Fault['mode']): Fault => {
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

const listed = ({ fault, ...rule }: Rule) => ({ ...rule, ...fault });
