import { setTimeout as sleep } from 'node:timers/promises';
import { serverFor } from '@emporium/servers';
import { v7 as uuid } from 'uuid';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cancel, customerId, dispatch, openShipping, type ShippingService } from './support/shipping.ts';
import { type Simulator, startSimulator } from './support/simulator.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('the commands of the shipping service'), () => {
  let simulator: Simulator;
  let service: ShippingService;
  let orderId: string;

  beforeAll(async () => {
    simulator = await startSimulator();
  });
  afterAll(() => simulator?.stop());

  beforeEach(async () => {
    service = await openShipping(postgres.url, simulator.url);
    orderId = uuid();
  });
  afterEach(async () => {
    await simulator.clearFaults();
    await service.close();
  });

  const types = async () => (await service.published()).map(({ type }) => type);
  const stepId = (name: string) => `${orderId}/dispatch/${name}`;

  describe('a dispatch', () => {
    test('ships one parcel, also when it is redelivered or sent again', async () => {
      await service.handleTwice(dispatch(orderId));
      await service.handle(dispatch(orderId));
      const [parcel, ...more] = await simulator.shipments(orderId);
      expect(more).toEqual([]);
      const shipped = {
        type: 'shipment.dispatched.v2',
        stepId: stepId('1'),
        data: {
          orderId,
          customerId,
          shipmentId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
          trackingNumber: parcel?.trackingNumber,
        },
      };
      const published = await service.published();
      expect(published).toEqual([shipped, shipped]);
      expect(published[1]).toEqual(published[0]);
    });

    test('replies with one event id to the dispatch and to a late cancellation', async () => {
      await service.handle(dispatch(orderId));
      await service.handle(cancel(orderId));
      const [first, second, ...more] = await service.messageIds();
      expect([first, more]).toEqual([second, []]);
      await service.published();
    });

    test('that the carrier refuses fails with its reason, also when it is redelivered, and stays failed', async () => {
      await simulator.fault({ mode: 'fail', reference: orderId, times: 1 });
      await service.handleTwice(dispatch(orderId));
      await service.handle(dispatch(orderId));
      const failed = {
        type: 'shipment.failed.v2',
        stepId: stepId('1'),
        data: { orderId, reason: 'address_not_served' },
      };
      expect(await service.published()).toEqual([failed, failed]);
      expect(await simulator.shipments(orderId)).toEqual([]);
    });

    test.each([1, 4])('whose response is lost %i times ships once', async (times) => {
      await simulator.fault({ mode: 'ship-then-timeout', reference: orderId, times });
      expect(await service.deliver(dispatch(orderId))).toMatchObject({ attempt: times === 1 ? 1 : 2 });
      expect(await types()).toEqual(['shipment.dispatched.v2']);
      expect(await simulator.shipments(orderId)).toHaveLength(1);
    });

    test('ships once after a crash between the call and the commit', async () => {
      const lines = [{ sku: 'TEA', quantity: 2 }];
      const signal = new AbortController().signal;
      await service.carrier.dispatch({ reference: orderId, lines, key: `${orderId}/dispatch`, signal });
      await service.handle(dispatch(orderId));
      expect(await types()).toEqual(['shipment.dispatched.v2']);
      expect(await simulator.shipments(orderId)).toHaveLength(1);
    });

    test('that is delivered to two instances ships once', async () => {
      const other = service.instance();
      const message = dispatch(orderId);
      await Promise.all([service.handle(message), other.handle(message)]);
      expect(await types()).toEqual(['shipment.dispatched.v2']);
      expect(await simulator.shipments(orderId)).toHaveLength(1);
    });
  });

  test('concurrent orders get a reply each', async () => {
    const [fine, refused, cancelled] = [1, 2, 3].map(() => Array.from({ length: 10 }, () => uuid())) as [
      string[],
      string[],
      string[],
    ];
    await simulator.fault(refused.map((reference) => ({ mode: 'fail', reference, times: 1 })));
    await Promise.all([...fine, ...refused].toSorted().map((id) => service.handle(dispatch(id))));
    await Promise.all([...fine, ...cancelled].map((id) => service.handle(cancel(id)))); // too late for the first half
    await Promise.all(cancelled.map((id) => service.handle(dispatch(id))));
    const answers = Map.groupBy(await service.published(), ({ data }) => data.orderId);
    const typesOf = (id: string) => new Set(answers.get(id)?.map(({ type }) => type));
    for (const id of fine) {
      expect(typesOf(id)).toEqual(new Set(['shipment.dispatched.v2']));
      expect(await service.shipment(id)).toMatchObject({ status: 'dispatched' });
    }
    for (const id of refused) {
      expect(typesOf(id)).toEqual(new Set(['shipment.failed.v2']));
      expect(await service.shipment(id)).toMatchObject({ status: 'failed' });
    }
    for (const id of cancelled) {
      expect(typesOf(id)).toEqual(new Set(['shipment.cancelled.v2', 'shipment.failed.v2']));
      expect(await service.shipment(id)).toEqual({ status: 'cancelled' });
    }
  });

  describe('a dispatch that has expired', () => {
    const late = () => ({ expiry: new Date(Date.now() - 1) });

    test('fails without a call, and stays failed', async () => {
      await service.handleTwice(dispatch(orderId, late()));
      await service.handle(dispatch(orderId));
      await service.handleTwice(cancel(orderId));
      expect(await service.published()).toMatchObject([
        { type: 'shipment.failed.v2', data: { reason: 'expired' } },
        { type: 'shipment.failed.v2', data: { reason: 'expired' } },
        { type: 'shipment.cancelled.v2' },
      ]);
      expect(await simulator.shipments(orderId)).toEqual([]);
    });

    test('after the carrier was called gets no reply: the cancellation resolves it', async () => {
      await simulator.fault({ mode: 'ship-then-timeout', reference: orderId, times: 3 });
      await expect(service.handle(dispatch(orderId))).rejects.toMatchObject({ settle: 'retry' });
      await service.handleTwice(dispatch(orderId, late()));
      expect(await service.published()).toEqual([]);
      await service.handleTwice(cancel(orderId));
      expect(await service.published()).toMatchObject([
        { type: 'shipment.dispatched.v2', stepId: stepId('stop'), data: { orderId, customerId } },
      ]);
    });
  });

  describe('a cancellation', () => {
    test('before the dispatch rejects it, here and at the carrier', async () => {
      await service.handleTwice(cancel(orderId));
      await service.handleTwice(dispatch(orderId));
      await service.handle(cancel(orderId));
      expect(await service.published()).toEqual([
        { type: 'shipment.cancelled.v2', stepId: stepId('stop'), data: { orderId } },
        { type: 'shipment.failed.v2', stepId: stepId('1'), data: { orderId, reason: 'cancelled' } },
        { type: 'shipment.cancelled.v2', stepId: stepId('stop'), data: { orderId } },
      ]);
      expect(await simulator.shipments(orderId)).toEqual([]);
      const signal = new AbortController().signal;
      const asked = { reference: orderId, lines: [], key: `${orderId}/dispatch`, signal };
      expect(await service.carrier.dispatch(asked)).toEqual({
        kind: 'refused',
        reason: 'shipment_cancelled',
      });
    });

    test('after the dispatch is answered with the shipment', async () => {
      await service.handle(dispatch(orderId));
      await service.handleTwice(cancel(orderId));
      const [dispatched, answer] = await service.published();
      expect(answer).toEqual({ ...dispatched, stepId: stepId('stop') });
      expect(await simulator.shipments(orderId)).toHaveLength(1);
    });

    test('of a dispatch whose response was lost is answered with the parcel of the carrier', async () => {
      await simulator.fault({ mode: 'ship-then-timeout', reference: orderId, times: 3 });
      const message = dispatch(orderId);
      await expect(service.handle(message)).rejects.toMatchObject({ settle: 'retry' });
      await service.handleTwice(cancel(orderId));
      await service.handle(message);
      const [parcel] = await simulator.shipments(orderId);
      const { trackingNumber } = parcel ?? {};
      const published = await service.published();
      expect(published).toMatchObject([
        {
          type: 'shipment.dispatched.v2',
          stepId: stepId('stop'),
          data: { orderId, customerId, trackingNumber },
        },
        {
          type: 'shipment.dispatched.v2',
          stepId: stepId('1'),
          data: { orderId, customerId, trackingNumber },
        },
      ]);
      expect(published[0]?.data['shipmentId']).toBe(published[1]?.data['shipmentId']);
    });

    test('of a dispatch in progress at the carrier stops it', async () => {
      await simulator.fault({ mode: 'stall', operation: 'ship', reference: orderId, delayMs: 600 });
      const patient = service.instance({ timeoutMs: 5_000 });
      const dispatching = patient.handle(dispatch(orderId));
      await sleep(200);
      await service.handle(cancel(orderId));
      await dispatching;
      expect(await service.published()).toMatchObject([
        { type: 'shipment.cancelled.v2' },
        { type: 'shipment.failed.v2', data: { reason: 'shipment_cancelled' } },
      ]);
      expect(await simulator.shipments(orderId)).toEqual([]);
      expect(await service.shipment(orderId)).toEqual({ status: 'cancelled' });
    });

    test('between the call and the commit of a dispatch: both reply that it was dispatched', async () => {
      const shipped = Promise.withResolvers<void>();
      const answered = Promise.withResolvers<void>();
      const slow = service.instance({
        wrap: (carrier) => ({
          ...carrier,
          dispatch: async (call) => {
            const outcome = await carrier.dispatch(call);
            answered.resolve();
            await shipped.promise; // the response has arrived, the transaction has not begun
            return outcome;
          },
        }),
      });
      const dispatching = slow.handle(dispatch(orderId));
      await answered.promise;
      await service.handle(cancel(orderId));
      shipped.resolve();
      await dispatching;
      const [toCancellation, toDispatch] = await service.published();
      expect(toCancellation?.type).toBe('shipment.dispatched.v2');
      expect(toDispatch).toEqual({
        type: 'shipment.dispatched.v2',
        stepId: stepId('1'),
        data: toCancellation?.data,
      });
    });

    test('in progress suppresses the reply to a redelivered dispatch: its own reply resolves both', async () => {
      await simulator.fault([
        { mode: 'error', operation: 'ship', reference: orderId, times: 3 },
        { mode: 'stall', operation: 'cancel', reference: orderId, delayMs: 600 },
      ]);
      const patient = service.instance({ timeoutMs: 5_000 });
      const message = dispatch(orderId);
      await expect(service.handle(message)).rejects.toMatchObject({ settle: 'retry' });
      const cancelling = patient.handle(cancel(orderId));
      await sleep(200);
      await service.handle(message);
      expect(await service.published()).toEqual([]);
      await cancelling;
      expect(await types()).toEqual(['shipment.cancelled.v2']);
      expect(await simulator.shipments(orderId)).toEqual([]);
    });

    test('that the carrier refuses is retried', async () => {
      await simulator.fault({ mode: 'fail', operation: 'cancel', reference: orderId, times: 2 });
      expect(await service.deliver(cancel(orderId))).toMatchObject({ attempt: 3, isDeadLettered: false });
      expect(await types()).toEqual(['shipment.cancelled.v2']);
    });
  });

  test('while the carrier is down deliveries wait, and none is dead-lettered', async () => {
    await simulator.fault({ mode: 'error' });
    const orders = Array.from({ length: 10 }, () => uuid());
    const deliveries = Promise.all(orders.map((id) => service.deliver(dispatch(id))));
    await sleep(2_500);
    expect(await service.published()).toEqual([]);
    await simulator.clearFaults();
    const delivered = await deliveries;
    expect(delivered.filter(({ isDeadLettered }) => isDeadLettered)).toEqual([]);
    expect(Math.max(...delivered.map(({ attempt }) => attempt))).toBeLessThanOrEqual(2);
    expect(Math.max(...delivered.map(({ waits }) => waits))).toBeGreaterThan(5);
    expect(await types()).toEqual(orders.map(() => 'shipment.dispatched.v2'));
  });
});
