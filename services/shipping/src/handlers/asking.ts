import type { Effects, HandlerContext } from '@emporium/bus';
import type { Tx } from '@emporium/store';
import type { Answer, Intent, Settlement, Shipment } from '../domain/shipment.ts';
import { lock, save } from '../store/shipments.ts';
import type { Tables } from '../store/tables.ts';
import { reply, type Step } from './reply.ts';

export type Context = HandlerContext<Tx<Tables>>;

/** What the outside part brought: the carrier's outcome, or an answer that needed none. */
export type Asked<Ask, Outcome> =
  | { readonly kind: 'asked'; readonly ask: Ask; readonly outcome: Outcome }
  | { readonly kind: 'known'; readonly answer: Answer };

/** Asks the carrier, unless the answer is known already. */
export const unlessKnown = async <Ask, Outcome>(
  intent: Intent<Ask>,
  askCarrier: (ask: Ask) => Promise<Outcome>,
): Promise<Asked<Ask, Outcome>> =>
  intent.kind === 'known'
    ? intent
    : { kind: 'asked', ask: intent.ask, outcome: await askCarrier(intent.ask) };

/** Settles the shipment, which may have changed meanwhile, by what the carrier said. */
export const conclude = async <Ask, Outcome>(
  step: Step,
  asked: Asked<Ask, Outcome>,
  settle: (shipment: Shipment, ask: Ask, outcome: Outcome) => Settlement,
  { tx }: Context,
): Promise<Effects> => {
  if (asked.kind === 'known') return reply(step, asked.answer);
  const shipment = await lock(tx, step.orderId);
  if (shipment === undefined) throw new Error(`The shipment of ${step.orderId} is gone`);
  const settlement = settle(shipment, asked.ask, asked.outcome);
  if (settlement.shipment !== undefined) await save(tx, step.orderId, settlement.shipment);
  return reply(step, settlement.answer);
};
