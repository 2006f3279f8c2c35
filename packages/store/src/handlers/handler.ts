import type { Effects, Message } from '@emporium/bus';
import type { Contract } from '@emporium/contracts';
import type { Tx } from '../database/transaction.ts';
import type { Decision, UnitOfWork } from './unit-of-work.ts';

/** What a handler receives beside the message. */
export interface HandlerContext<DB> {
  readonly tx: Tx<DB>;
  /** The time of this handling; handlers read no clock. */
  readonly now: Date;
}

/** What a call to the outside receives. */
export interface CallContext<C extends Contract = Contract> {
  readonly message: Message<C>;
  /** What the outside recognises a repetition by; the same for every attempt. */
  readonly idempotencyKey: string;
  /** Aborted when the service stops. */
  readonly signal: AbortSignal;
}

/** What `before` of a call decides: the request to make, or what follows without one. */
export type Before<Request, Change> =
  | { readonly request: Request; readonly change?: Change }
  | Decision<Change>;

/** A request and the response to it. */
export interface Called<Request, Response> {
  readonly request: Request;
  readonly response: Response;
}

/**
 * One entry of a composition root: which messages, and what becomes of them. The members are methods, so that a handler of one
 * contract is a handler: the binding by contract makes sure that it sees no other.
 */
export type Handler<DB> = MessageHandler<DB> | StateHandler<DB> | CallHandler<DB> | BatchHandler<DB>;

/** Handles a message, and reads and writes on its own. */
export interface MessageHandler<DB> {
  readonly kind: 'message';
  readonly contract: Contract;
  handle(message: Message, context: HandlerContext<DB>): Promise<Effects>;
  expired?(message: Message, context: HandlerContext<DB>): Promise<Effects>;
}

/** Any unit of work: what its decisions are made on is known to the handlers that name it. */
export type AnyUnit<DB> = UnitOfWork<unknown, unknown, unknown, DB>;

/** Decides on the state of its unit of work. */
export interface StateHandler<DB> {
  readonly kind: 'state';
  readonly contract: Contract;
  readonly unit: AnyUnit<DB>;
  decide(message: Message, state: unknown, now: Date): Decision<unknown>;
  expired?(message: Message, state: unknown, now: Date): Decision<unknown>;
}

/** Calls the outside between two decisions. */
export interface CallHandler<DB> {
  readonly kind: 'call';
  readonly contract: Contract;
  readonly unit: AnyUnit<DB>;
  idempotencyKey?(message: Message): string;
  before(message: Message, state: unknown, now: Date): Before<unknown, unknown>;
  call(request: unknown, context: CallContext): Promise<unknown>;
  after(message: Message, state: unknown, called: Called<unknown, unknown>, now: Date): Decision<unknown>;
  expired?(message: Message, state: unknown, now: Date): Decision<unknown>;
}

/** Takes the available messages of a stream in one call. */
export interface BatchHandler<DB> {
  readonly kind: 'batch';
  readonly contract: Contract;
  handleBatch(messages: readonly Message[], context: HandlerContext<DB>): Promise<readonly Effects[]>;
}
