import type { ConfirmChannel } from 'amqplib';

/** The exchange of the warehouse, and its queues: a mailbox from the beginning, so that no order is lost before it listens. */
export const warehouse = {
  exchange: 'warehouse',
  routingKey: 'order.confirmed.v1',
  mailbox: 'warehouse.order-confirmed',
  /** What the warehouse rejects, or could not handle in `deliveryLimit` deliveries. */
  deadLetters: 'warehouse.dead-letters',
} as const;

const deadLetterKey = 'dead-letters.order-confirmed';
const deliveryLimit = 100;

const quorum = { 'x-queue-type': 'quorum' };

/** Repeatable. The warehouse may bind further queues to the exchange. */
export const declareWarehouse = async (channel: ConfirmChannel): Promise<void> => {
  const { exchange, routingKey, mailbox, deadLetters } = warehouse;
  await channel.assertExchange(exchange, 'topic', { durable: true });
  await channel.assertQueue(deadLetters, { durable: true, arguments: quorum });
  await channel.bindQueue(deadLetters, exchange, deadLetterKey);
  await channel.assertQueue(mailbox, {
    durable: true,
    arguments: {
      ...quorum,
      'x-delivery-limit': deliveryLimit,
      'x-dead-letter-exchange': exchange,
      'x-dead-letter-routing-key': deadLetterKey,
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish', // which that strategy needs
    },
  });
  await channel.bindQueue(mailbox, exchange, routingKey);
};
