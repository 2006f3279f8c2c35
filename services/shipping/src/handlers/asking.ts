import type { Effects, HandlerContext } from '@emporium/bus';
import type { Tx } from '@emporium/store';
import type { Answer, Intent, Settlement, Shipment } from '../domain/shipment.ts';
import { lockAll, saveAll, shipmentOf } from '../store/shipments.ts';
import type { Tables } from '../store/tables.ts';
import { reply, type Step } from './reply.ts';

export type Context = HandlerContext<Tx<Tables>>;

/** What the outside part brought: the carrier's outcome, or an answer that needed none. */
export type Asked<Ask, Outcome> =
  | { readonly kind: 'asked'; readonly ask: Ask; readonly outcome: Outcome }
  | { readonly kind: 'known'; readonly answer: Answer };

interface Performed<Ask, Outcome> {
  readonly message: { readonly data: Step };
  readonly outcome: Asked<Ask, Outcome>;
}

/** Asks the carrier, unless the answer is known already. */
export const unlessKnown = async <Ask, Outcome>(
  intent: Intent<Ask>,
  askCarrier: (ask: Ask) => Promise<Outcome>,
): Promise<Asked<Ask, Outcome>> =>
  intent.kind === 'known'
    ? intent
    : { kind: 'asked', ask: intent.ask, outcome: await askCarrier(intent.ask) };

/** Settles shipments, which may have changed meanwhile, by what the carrier said. */
export const conclude = async <Ask, Outcome>(
  performed: readonly Performed<Ask, Outcome>[],
  settle: (shipment: Shipment, ask: Ask, outcome: Outcome) => Settlement,
  { tx }: Context,
): Promise<Effects[]> => {
  const orders = performed.filter(({ outcome }) => outcome.kind === 'asked').map(orderOf);
  const shipments = await lockAll(tx, orders);
  const changed = new Map<string, Shipment>();
  const replies = performed.map(({ message, outcome: asked }) => {
    const step = message.data;
    if (asked.kind === 'known') return reply(step, asked.answer);
    const { orderId } = step;
    const { answer, shipment } = settle(shipmentOf(shipments, orderId), asked.ask, asked.outcome);
    if (shipment !== undefined) {
      shipments.set(orderId, shipment);
      changed.set(orderId, shipment);
    }
    return reply(step, answer);
  });
  await saveAll(tx, changed);
  return replies;
};

const orderOf = ({ message }: { readonly message: { readonly data: Step } }): string => message.data.orderId;
