import type { Effects, HandlerContext } from '@emporium/bus';
import type { Tx } from '@emporium/store';
import type { Answer, Intent, Payment, Settlement } from '../domain/payment.ts';
import { type Change, lockAll, paymentOf, saveAll } from '../store/payments.ts';
import type { Tables } from '../store/tables.ts';
import { reply, type Step } from './reply.ts';

export type Context = HandlerContext<Tx<Tables>>;

/** What the outside part brought: the provider's outcome, or an answer that needed none. */
export type Asked<Ask, Outcome> =
  | { readonly kind: 'asked'; readonly ask: Ask; readonly outcome: Outcome }
  | { readonly kind: 'known'; readonly answer: Answer };

interface Performed<Ask, Outcome> {
  readonly message: { readonly data: Step };
  readonly outcome: Asked<Ask, Outcome>;
}

/** Asks the provider, unless the answer is known already. */
export const unlessKnown = async <Ask, Outcome>(
  intent: Intent<Ask>,
  askProvider: (ask: Ask) => Promise<Outcome>,
): Promise<Asked<Ask, Outcome>> =>
  intent.kind === 'known'
    ? intent
    : { kind: 'asked', ask: intent.ask, outcome: await askProvider(intent.ask) };

/** Settles payments, which may have changed meanwhile, by what the provider said. */
export const conclude = async <Ask, Outcome>(
  performed: readonly Performed<Ask, Outcome>[],
  settle: (payment: Payment, ask: Ask, outcome: Outcome) => Settlement,
  { tx, now }: Context,
): Promise<Effects[]> => {
  const orders = performed.filter(({ outcome }) => outcome.kind === 'asked').map(orderOf);
  const payments = await lockAll(tx, orders);
  const changes = new Map<string, Change>();
  const replies = performed.map(({ message, outcome: asked }) => {
    const step = message.data;
    if (asked.kind === 'known') return reply(step, asked.answer);
    const { orderId } = step;
    const before = paymentOf(payments, orderId);
    const { answer, payment = before, entries = [] } = settle(before, asked.ask, asked.outcome);
    if (payment !== before || entries.length > 0) {
      payments.set(orderId, payment);
      changes.set(orderId, { payment, entries: [...(changes.get(orderId)?.entries ?? []), ...entries] });
    }
    return reply(step, answer);
  });
  await saveAll(tx, changes, now);
  return replies;
};

const orderOf = ({ message }: { readonly message: { readonly data: Step } }): string => message.data.orderId;
