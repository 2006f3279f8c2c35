import type { HttpServer } from '@emporium/service';
import { z } from 'zod';
import { shipmentsSchema } from './carrier/routes.ts';
import type { Shipments } from './carrier/shipments.ts';
import type { Fault, Faults, Rule, Selector, Target } from './faults.ts';
import type { Ledger } from './payment/ledger.ts';
import { ledgerSchema } from './payment/routes.ts';

const text = z.string().min(1).max(200);
const common = {
  times: z.int().min(1).max(1_000_000).optional(),
  delayMs: z.int().min(0).max(600_000).optional(),
  reference: text.optional(),
};
const paymentFault = z.object({
  mode: z.enum(['ok', 'decline', 'stall', 'error', 'charge-then-timeout']),
  operation: z.enum(['authorise', 'capture', 'void', 'refund']).optional(),
  token: text.optional(),
  ...common,
});
const carrierFault = z.object({
  mode: z.enum(['ok', 'fail', 'stall', 'error', 'ship-then-timeout']),
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
  error: 'error',
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
    { schema: { tags, querystring: z.object({ reference: text.optional() }) } },
    (given, reply) => {
      faults.clear(given.query.reference);
      return reply.code(204).send();
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
  const fault: Fault = {
    mode: modes[asked.mode],
    ...(asked.delayMs === undefined ? {} : { delayMs: asked.delayMs }),
  };
  faults.set({ target, ...selector, fault, times: asked.times });
};

const listed = ({ fault, ...rule }: Rule) => ({ ...rule, ...fault });
