import type { Message } from '@emporium/bus';
import { shop } from '@emporium/contracts';
import type { Fulfilment } from '../../src/fulfilment.ts';
import { messageOf, type Orders, type Published } from './orders.ts';
import { createParticipants, type Refuses } from './participants.ts';

/** Inventory, payment and shipping for one order, behind messages. */
export const createAnswering = (order: Fulfilment, refuses: Refuses = () => false) => {
  const participants = createParticipants(order, refuses);
  return {
    holdings: participants.holdings,
    /** The reply to a command of the order's saga; undefined for an event, which nobody answers. */
    answer: ({ type, data, expiry, stepid }: Published, now = new Date()): Message | undefined => {
      const contract = shop.contract(type);
      if (contract?.kind !== 'command') return undefined;
      const options = {
        ...(expiry === undefined ? {} : { expiry: new Date(expiry) }),
        ...(stepid === undefined ? {} : { stepId: stepid }),
      };
      const reply = participants.answer({ effect: 'send', contract, data, options }, now);
      if (reply.kind !== 'reply') throw new Error('a participant replies');
      return messageOf(reply.contract.owner, reply.contract, reply.data, { stepId: reply.stepId ?? '' });
    },
  };
};

export type Answering = ReturnType<typeof createAnswering>;

/** Answers until nobody asks any more, each reply delivered twice; gives all that was published on the way. */
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
