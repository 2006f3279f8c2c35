import { createMessage, type Message, readMessage } from '@emporium/bus';
import { shop } from '@emporium/contracts';
import type { Fulfilment } from '../../src/fulfilment.ts';
import type { Orders, Published } from './orders.ts';
import { createParticipants, type Refuses } from './participants.ts';

/** Inventory, payment and shipping for one order, behind messages. */
export const createAnswering = (order: Fulfilment, refuses: Refuses = () => false) => {
  const participants = createParticipants(order, refuses);
  const replyTypes: string[] = [];
  return {
    participantState: participants.state,
    /** The types of the replies, in order. */
    replyTypes: (): readonly string[] => replyTypes,
    /** Replies to a command of the saga, with both serialised; undefined for an event. */
    answer: (published: Published, now = new Date()): Message | undefined => {
      if (shop.contract(published.type)?.kind !== 'command') return undefined;
      const command = readMessage(shop, newestCommands, encode(published));
      const { contract, data, context, expiry, stepId } = command;
      const options = {
        ...(expiry === undefined ? {} : { expiry }),
        ...(stepId === undefined ? {} : { stepId }),
      };
      const reply = participants.answer({ effect: 'send', contract, data, options }, now);
      if (reply.kind !== 'reply') throw new Error('a participant replies');
      const { type, body } = createMessage(reply.contract.owner, reply.contract, reply.data, context);
      replyTypes.push(type);
      return readMessage(shop, new Set([reply.contract]), body);
    },
  };
};

const newestCommands = new Set(
  shop.contracts.filter(
    (each) => each.kind === 'command' && shop.contracts.every(({ upcast }) => upcast?.from !== each),
  ),
);

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

export type Answering = ReturnType<typeof createAnswering>;

/** Replies until there are no more commands, and delivers each reply twice. Returns all published messages. */
export const converse = async (orders: Orders, { answer }: Answering): Promise<Published[]> => {
  const all: Published[] = [];
  for (;;) {
    const some = await orders.published();
    if (some.length === 0) return all;
    all.push(...some);
    for (const message of some) {
      const reply = answer(message);
      if (reply !== undefined) await orders.handleTwice(reply);
    }
  }
};
