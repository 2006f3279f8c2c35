import { setTimeout as sleep } from 'node:timers/promises';
import { createMessage, newContext, type OutgoingMessage } from '@emporium/bus';
import { orderConfirmed, shop } from '@emporium/contracts';
import type { PostgresServer } from '@emporium/servers';
import { connect } from 'amqplib';
import { v7 as uuid } from 'uuid';
import type { Figure } from '../report/report.ts';
import { median } from '../report/statistics.ts';
import { openTransport } from '../transport/transports.ts';
import { startBridgeProcess } from './bridge-process.ts';

const orders = 2_000;
const rounds = 4;
const mailbox = 'warehouse.order-confirmed';

/**
 * Confirmed orders a second, from the bus into the queue of the warehouse as Protocol Buffers, on one RabbitMQ: with the inbox, and
 * confirmed one by one. The first round warms up.
 */
export const benchWarehouse = async (server: PostgresServer, amqpUrl: string): Promise<readonly Figure[]> => {
  const databaseUrl = await server.createDatabase('bridge_warehouse');
  const transport = await openTransport(amqpUrl);
  await transport.topology(shop).apply();
  const connection = await connect(amqpUrl, { noDelay: true });
  const channel = await connection.createChannel();
  const bridge = await startBridgeProcess({ DATABASE_URL: databaseUrl, BUS_URL: amqpUrl });
  const rates: number[] = [];
  try {
    for (let round = 1; round <= rounds; round += 1) {
      const messages = Array.from({ length: orders }, confirmedOrder);
      const started = performance.now();
      for (const result of await transport.publish(messages))
        if (result.status === 'refused') throw result.error;
      while ((await channel.checkQueue(mailbox)).messageCount < round * orders) await sleep(20);
      rates.push((orders * 1_000) / (performance.now() - started));
    }
  } finally {
    await bridge.stop();
    await connection.close();
    await transport.close();
  }
  return [
    { what: 'confirmed orders for a warehouse', unit: '/s', value: median(rates.slice(1)), atLeast: 300 },
  ];
};

const confirmedOrder = (): OutgoingMessage => {
  const price = { amount: 1_250, currency: 'EUR' };
  const lines = [{ sku: 'MUG', quantity: 2, unitPrice: price }];
  const total = { amount: 2_500, currency: 'EUR' };
  const data = { orderId: uuid(), customerId: uuid(), lines, total };
  return createMessage('order', orderConfirmed, data, newContext());
};
