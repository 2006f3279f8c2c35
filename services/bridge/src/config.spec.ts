import { generateKeyPair, parseConfig } from '@emporium/service';
import { expect, test } from 'vitest';
import { amqpUrlOf, config, warehouseUrlOf } from './config.ts';

const shop = 'amqp://bridge@rabbitmq';
const third = 'amqp://bridge@rabbitmq/third-parties';
const own = 'amqp://bridge@rabbitmq/warehouse';

test.each([
  ['the RabbitMQ of the shop', { BUS_URL: shop }, { amqp: shop, warehouse: shop }],
  ['that of other systems', { BUS_URL: shop, BRIDGE_AMQP_URL: third }, { amqp: third, warehouse: third }],
  [
    'one of its own',
    { BUS_URL: shop, BRIDGE_AMQP_URL: third, BRIDGE_WAREHOUSE_URL: own },
    { amqp: third, warehouse: own },
  ],
  ['only its own', { BUS_URL: 'postgres://here', BRIDGE_WAREHOUSE_URL: own }, { warehouse: own }],
  ['none', { BUS_URL: 'postgres://here' }, {}],
])('the warehouse has %s', (_, variables, { amqp, warehouse }: { amqp?: string; warehouse?: string }) => {
  const parsed = parseConfig(config, {
    PORT: '8080',
    DATABASE_URL: 'postgres://here',
    JWT_PUBLIC_KEY: generateKeyPair().publicKey,
    ...variables,
  });
  expect(amqpUrlOf(parsed)).toBe(amqp);
  expect(warehouseUrlOf(parsed)).toBe(warehouse);
});
