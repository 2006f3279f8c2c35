import { setTimeout as sleep } from 'node:timers/promises';
import { serverFor } from '@emporium/servers';
import { v7 as uuid } from 'uuid';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { authorise, openPayment, type PaymentService } from './support/payment.ts';
import { type Simulator, startSimulator } from './support/simulator.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('a payment provider that is away'), () => {
  let simulator: Simulator;
  let service: PaymentService;

  beforeEach(async () => {
    simulator = await startSimulator();
    service = await openPayment(postgres.url, simulator.url);
  });
  afterEach(async () => {
    await service.close();
    await simulator.stop();
  });

  test('pauses deliveries and dead-letters none', async () => {
    await simulator.fault({ mode: 'error' });
    const orders = Array.from({ length: 20 }, () => uuid());
    const deliveries = Promise.all(orders.map((id) => service.deliver(authorise(id, 'tok_ok'))));
    await sleep(4_000);
    expect(await service.published()).toEqual([]);
    await simulator.clearFaults();
    const delivered = await deliveries;
    expect(delivered.filter(({ isDeadLettered }) => isDeadLettered)).toEqual([]);
    expect(Math.max(...delivered.map(({ attempt }) => attempt))).toBeLessThanOrEqual(2);
    expect(Math.max(...delivered.map(({ waits }) => waits))).toBeGreaterThan(10);
    expect(await service.published()).toHaveLength(20);
    expect(service.logLines.filter((line) => line.includes('circuit breaker opened'))[0]).toBeDefined();
    expect(service.logLines.filter((line) => line.includes('circuit breaker closed'))).toHaveLength(1);
  });

  test('also pauses a single delivery', async () => {
    await service.handle(authorise(uuid(), 'tok_ok'));
    await simulator.stop();
    const delivered = await service.deliver(authorise(uuid(), 'tok_ok'), 20);
    expect(delivered).toEqual({ attempt: 2, waits: 20, isDeadLettered: false });
  });
});
