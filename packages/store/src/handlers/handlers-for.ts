import type { Effects, Message } from '@emporium/bus';
import type { Contract, Data } from '@emporium/contracts';
import type {
  BatchHandler,
  Before,
  CallContext,
  Called,
  CallHandler,
  HandlerContext,
  MessageHandler,
  StateHandler,
} from './handler.ts';
import { type Decision, type UnitOfWork, type UnitOfWorkDefinition, unitOfWork } from './unit-of-work.ts';

type Decide<C extends Contract, State, Change> = (
  message: Message<C>,
  state: State,
  now: Date,
) => Decision<Change>;

interface CallDefinition<C extends Contract, State, Change, Request, Response> {
  /** Made from what is done rather than from the message that asks for it; by default the message's id. */
  idempotencyKey?(message: Message<C>): string;
  /**
   * Decides, in a short transaction, on the request to make, or on what follows without one. Its change is committed before
   * the call. It decides again when the message comes again before `after` was committed.
   */
  before(message: Message<C>, state: State, now: Date): Before<Request, Change>;
  /** Calls the outside in no transaction. Repeatable: the idempotency key makes a repetition harmless. */
  call(request: Request, context: CallContext<C>): Promise<Response>;
  /** Decides on the state as it is by then, in the transaction of the inbox row. */
  after(
    message: Message<C>,
    state: State,
    called: Called<NoInfer<Request>, NoInfer<Response>>,
    now: Date,
  ): Decision<Change>;
  /** Answers a command that expired before its call was begun; without it that is a dead letter. */
  expired?: Decide<C, State, Change>;
}

/** The handlers of one service. */
export interface Handlers<DB> {
  /**
   * Handles a message: a function from the message to what should follow. It runs in one transaction with the inbox row and
   * the outgoing messages, and shares it with other available messages; it may run again when that is rolled back. It may
   * return nothing.
   */
  handle<C extends Contract>(
    contract: C,
    handler: (message: Message<C>, context: HandlerContext<DB>) => Promise<Effects>,
    options?: { readonly expired?: (message: Message<C>, context: HandlerContext<DB>) => Promise<Effects> },
  ): MessageHandler<DB>;
  /**
   * The same on the state of a unit of work: a pure decision, which loads and saves nothing. `expired` answers a command that
   * came too late; without it that is a dead letter.
   */
  handle<C extends Contract, State, Change>(
    contract: C,
    unit: UnitOfWork<Data<C>, State, Change, DB>,
    decide: Decide<C, State, Change>,
    options?: { readonly expired?: Decide<C, State, Change> },
  ): StateHandler<DB>;
  /**
   * Handles a command that needs a call to the outside world. No connection is held while the outside stalls. A call that
   * begins before the command expires is finished, whatever happens between the parts: a command that comes again goes through
   * all of them, under the same idempotency key, also after its expiry.
   */
  callOutside<C extends Contract, State, Change, Request, Response>(
    contract: C,
    unit: UnitOfWork<Data<C>, State, Change, DB>,
    definition: CallDefinition<C, State, Change, Request, Response>,
  ): CallHandler<DB>;
  /**
   * Handles the available messages of a stream in one call, with set-based writes. Returns the effects of each, in the order of
   * the messages, which is that of their keys. When it throws, it is called with each message by itself.
   */
  handleBatch<C extends Contract>(
    contract: C,
    handler: (messages: readonly Message<C>[], context: HandlerContext<DB>) => Promise<readonly Effects[]>,
  ): BatchHandler<DB>;
  /** What handlers of one service decide on: loaded, locked and saved once for all messages of a group. */
  unitOfWork<Subject, State, Change>(
    definition: UnitOfWorkDefinition<Subject, State, Change, DB>,
  ): UnitOfWork<Subject, State, Change, DB>;
}

/** `const { handle, callOutside, unitOfWork } = handlersFor<Tables>()`, once in a service: they know its tables. */
export const handlersFor = <DB>(): Handlers<DB> => ({
  handle: ((contract: Contract, ...parts: readonly unknown[]) =>
    typeof parts[0] === 'function'
      ? { kind: 'message', contract, handle: parts[0], ...(parts[1] ?? {}) }
      : {
          kind: 'state',
          contract,
          unit: parts[0],
          decide: parts[1],
          ...(parts[2] ?? {}),
        }) as Handlers<DB>['handle'], // two signatures: the parts are those of the one or the other
  callOutside: (contract, unit, definition) => ({
    kind: 'call',
    contract,
    unit,
    ...definition,
  }),
  handleBatch: (contract, handler) => ({
    kind: 'batch',
    contract,
    handleBatch: handler as BatchHandler<DB>['handleBatch'], // bound to its contract
  }),
  unitOfWork,
});
