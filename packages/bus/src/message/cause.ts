import { type Context, spanIdOf } from './context.ts';
import type { Message } from './message.ts';

/** Who did something: a person, by the id of the account, or a part of the shop, by its name. */
export type Actor =
  | { readonly kind: 'customer' | 'administrator'; readonly id: string }
  | { readonly kind: 'saga' | 'timer' | 'service'; readonly name: string };

/** Who changed something, and what led to it. */
export interface Cause {
  readonly actor: Actor;
  readonly correlationId: string;
  /** The id of the message; for a request, its span id in the trace. A timer has that of the request that set it. */
  readonly causationId: string;
}

/** A change that this actor makes while a message or a request with this context is handled. */
export const causeOf = (context: Context, actor: Actor): Cause => ({
  actor,
  correlationId: context.correlationId,
  causationId: context.causationId ?? spanIdOf(context),
});

/** A change that follows from a message of another service. */
export const causedBy = ({ context, contract: { owner } }: Pick<Message, 'context' | 'contract'>): Cause =>
  causeOf(context, { kind: 'service', name: owner });
