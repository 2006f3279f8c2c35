import type { Effects, HandlerContext } from '@emporium/bus';
import type { Tx } from '@emporium/store';
import type { Answer, Intent, Payment, Settlement } from '../domain/payment.ts';
import { lock, save } from '../store/payments.ts';
import type { Tables } from '../store/tables.ts';
import { reply, type Step } from './reply.ts';

export type Context = HandlerContext<Tx<Tables>>;

/** What the outside part brought: the provider's outcome, or an answer that needed none. */
export type Asked<Ask, Outcome> =
  | { readonly kind: 'asked'; readonly ask: Ask; readonly outcome: Outcome }
  | { readonly kind: 'known'; readonly answer: Answer };

/** Asks the provider, unless the answer is known already. */
export const unlessKnown = async <Ask, Outcome>(
  intent: Intent<Ask>,
  askProvider: (ask: Ask) => Promise<Outcome>,
): Promise<Asked<Ask, Outcome>> =>
  intent.kind === 'known'
    ? intent
    : { kind: 'asked', ask: intent.ask, outcome: await askProvider(intent.ask) };

/** Settles the payment, which may have changed meanwhile, by what the provider said. */
export const conclude = async <Ask, Outcome>(
  step: Step,
  asked: Asked<Ask, Outcome>,
  settle: (payment: Payment, ask: Ask, outcome: Outcome) => Settlement,
  { tx, now }: Context,
): Promise<Effects> => {
  if (asked.kind === 'known') return reply(step, asked.answer);
  const payment = await lock(tx, step.orderId);
  const settlement = settle(payment, asked.ask, asked.outcome);
  const { entries = [] } = settlement;
  if (settlement.payment !== undefined || entries.length > 0) {
    await save(tx, step.orderId, settlement.payment ?? payment, entries, now);
  }
  return reply(step, settlement.answer);
};
