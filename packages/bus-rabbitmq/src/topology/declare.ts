import type { Channel, ChannelModel } from 'amqplib';
import type { Declarations, Exchange, Queue } from './declarations.ts';

/** Runs something on a channel of its own, which the broker ends when it refuses; then this throws its error. */
export const onChannel = async <T>(
  model: ChannelModel,
  work: (channel: Channel) => Promise<T>,
): Promise<T> => {
  const channel = await model.createChannel();
  channel.on('error', () => {}); // the call that caused it rejects with it
  const result = await work(channel).catch(async (error: unknown) => {
    await channel.close().catch(() => {}); // it is closed already, if the error is the broker's
    throw error;
  });
  await channel.close().catch(() => {}); // or by an error that `work` has dealt with
  return result;
};

export const exchangeExists = (model: ChannelModel, name: string): Promise<boolean> =>
  orMissing(onChannel(model, (channel) => channel.checkExchange(name)));

export const queueExists = (model: ChannelModel, name: string): Promise<boolean> =>
  orMissing(onChannel(model, (channel) => channel.checkQueue(name)));

/**
 * Declares all of it: the queues first, so that an exchange that comes to be has its bindings a moment later. Safe to repeat. Who
 * may not declare a kind of thing asks the broker once, and then uses what is there: each refusal is a line in the broker's log.
 */
export const declareAll = async (
  model: ChannelModel,
  { exchanges, queues, bindings }: Declarations,
): Promise<Declared> => {
  const conflicts: { exchanges: Exchange[]; queues: Queue[] } = { exchanges: [], queues: [] };
  const refusals: Refusals = new Map();
  const declarations: readonly Declaration[] = [
    ...queues.map(
      (queue): Declaration => ({
        kind: 'queue',
        declare: (channel) => channel.assertQueue(queue.name, { arguments: queue.arguments }),
        isThere: () => queueExists(model, queue.name),
        onConflict: () => conflicts.queues.push(queue),
      }),
    ),
    ...exchanges.map(
      (exchange): Declaration => ({
        kind: 'exchange',
        declare: (channel) => channel.assertExchange(exchange.name, exchange.type),
        isThere: () => exchangeExists(model, exchange.name),
        onConflict: () => conflicts.exchanges.push(exchange),
      }),
    ),
    ...bindings.map(
      ({ queue, exchange, pattern, arguments: values }): Declaration => ({
        kind: 'binding',
        declare: (channel) => channel.bindQueue(queue, exchange, pattern, values),
        // AMQP cannot ask for a binding. Who made the queue in our place bound it, too.
        isThere: async () => refusals.has('queue'),
      }),
    ),
  ];
  for (let done = 0; done < declarations.length; ) {
    done += await onChannel(model, (channel) =>
      declareUntilRefused(channel, declarations.slice(done), refusals),
    );
  }
  return { conflicts, mayDeclare: refusals.size === 0 };
};

/** What is there with other arguments, and is left so. */
export interface Conflicts {
  readonly exchanges: readonly Exchange[];
  readonly queues: readonly Queue[];
}

export interface Declared {
  readonly conflicts: Conflicts;
  /** False when something is there that this user could not have declared. */
  readonly mayDeclare: boolean;
}

interface Declaration {
  readonly kind: 'exchange' | 'queue' | 'binding';
  declare(channel: Channel): Promise<unknown>;
  isThere(): Promise<boolean>;
  onConflict?(): void;
}

/** What the user may not declare, with the broker's error. */
type Refusals = Map<Declaration['kind'], unknown>;

/** A refused declaration ends its channel: the rest needs another one. Resolves to how many declarations are done. */
const declareUntilRefused = async (
  channel: Channel,
  declarations: readonly Declaration[],
  refusals: Refusals,
): Promise<number> => {
  for (const [index, { kind, declare, isThere, onConflict }] of declarations.entries()) {
    const refusal = refusals.get(kind);
    if (refusal !== undefined) {
      if (!(await isThere())) throw refusal;
      continue;
    }
    try {
      await declare(channel);
    } catch (error) {
      if (codeOf(error) === 406 && onConflict !== undefined) onConflict();
      else if (codeOf(error) === 403 && (await isThere())) refusals.set(kind, error);
      else throw error;
      return index + 1;
    }
  }
  return declarations.length;
};

const orMissing = (check: Promise<unknown>): Promise<boolean> =>
  check.then(
    () => true,
    (error: unknown) => {
      if (codeOf(error) === 404) return false;
      throw error;
    },
  );

/** AMQP's reply code: 403 access refused, 404 not found, 405 locked, 406 precondition failed. */
export const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;
