import { describe, expect, test, vi } from 'vitest';
import { type Delivery, delayTiers } from '../../transport.ts';
import { createDeliveries, type Settling } from './deliveries.ts';

const message = (id = 'a') => ({ id, type: 'order.placed', key: 'k', body: Buffer.from('{}'), attempt: 1 });
type Received = ReturnType<typeof message>;

const started = (
  deliver: (delivery: Delivery) => Promise<void>,
  { ack = async () => {} }: { readonly ack?: () => Promise<void> } = {},
) => {
  const settling = {
    ack: vi.fn(ack),
    retry: vi.fn<Settling<Received>['retry']>(async () => {}),
    deadLetter: vi.fn(async () => {}),
  };
  const [onEnd, onFailure] = [vi.fn(), vi.fn()];
  const deliveries = createDeliveries<Received>({ deliver, settling, onEnd, onFailure });
  return { deliveries, settling, onEnd, onFailure };
};

const microtasks = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('a delivery', () => {
  test('is what was received, and in progress until the broker confirmed its settlement', async () => {
    const confirmed = Promise.withResolvers<void>();
    const delivered: Delivery[] = [];
    const { deliveries, onEnd } = started(
      async (delivery) => {
        delivered.push(delivery);
        await delivery.ack();
      },
      { ack: () => confirmed.promise },
    );
    const received = { ...message(), position: 'queue/7' };
    deliveries.begin(received);
    expect(delivered[0]).toMatchObject(received);
    expect([deliveries.count(), deliveries.settling(), deliveries.unsettled()]).toEqual([1, 1, []]);

    confirmed.resolve();
    await microtasks();
    expect([deliveries.count(), deliveries.settling()]).toEqual([0, 0]);
    expect(onEnd).toHaveBeenCalledExactlyOnceWith(received, { kind: 'settled' });
  });

  test('that could not be read is dead-lettered by an ack', async () => {
    const { deliveries, settling } = started((delivery) => delivery.ack());
    const unreadable = { code: 'bus.message_too_big', message: 'of 5 MB' };
    deliveries.begin({ ...message(), ...{ unreadable } });
    await microtasks();
    expect(settling.ack).not.toHaveBeenCalled();
    expect(settling.deadLetter).toHaveBeenCalledExactlyOnceWith(expect.anything(), unreadable);
  });

  test('is settled once, and further calls do nothing', async () => {
    const { deliveries, settling } = started(async (delivery) => {
      await delivery.retry(-5);
      await delivery.ack();
      await delivery.deadLetter({ code: 'a', message: 'b' });
    });
    deliveries.begin(message());
    await microtasks();
    expect(settling.retry).toHaveBeenCalledExactlyOnceWith(message(), 0);
    expect(settling.ack).not.toHaveBeenCalled();
    expect(settling.deadLetter).not.toHaveBeenCalled();
  });

  test('that fails is reported, and retried after the shortest delay', async () => {
    const error = new Error('broken');
    const { deliveries, settling, onEnd, onFailure } = started(() => Promise.reject(error));
    deliveries.begin(message());
    await microtasks();
    expect(onEnd).toHaveBeenCalledExactlyOnceWith(message(), { kind: 'retried', delayMs: delayTiers[0] });
    expect(onFailure).toHaveBeenCalledExactlyOnceWith(message(), error);
    expect(settling.retry).toHaveBeenCalledExactlyOnceWith(message(), delayTiers[0]);
  });

  test('whose settlement is not confirmed ends as failed, and the caller gets the error', async () => {
    const lost = new Error('the connection was lost');
    const { deliveries, settling, onEnd, onFailure } = started((delivery) => delivery.ack(), {
      ack: () => Promise.reject(lost),
    });
    deliveries.begin(message());
    await microtasks();
    expect(onEnd).toHaveBeenCalledExactlyOnceWith(message(), { kind: 'failed' });
    expect(onFailure).toHaveBeenCalledExactlyOnceWith(message(), lost);
    expect(settling.retry).not.toHaveBeenCalled();
  });

  test.each(['before', 'after'])('that is given up %s its signal was read is aborted', async (when) => {
    const delivered: Delivery[] = [];
    const { deliveries, settling, onEnd } = started(async (delivery) => void delivered.push(delivery));
    const received = message();
    deliveries.begin(received);
    if (when === 'after') expect(delivered[0]?.signal.aborted).toBe(false);
    deliveries.giveUp(received);
    expect(delivered[0]?.signal.aborted).toBe(true);
    await expect(delivered[0]?.ack()).rejects.toThrow('a was given back');
    expect(settling.ack).not.toHaveBeenCalled();
    expect(onEnd).not.toHaveBeenCalled();
  });
});

describe('the end', () => {
  const kept = () => {
    const delivered: Delivery[] = [];
    const given = started((delivery) => {
      delivered.push(delivery);
      return new Promise(() => {});
    });
    return { ...given, delivered };
  };

  test('waits for deliveries in progress', async () => {
    const { deliveries, delivered } = kept();
    deliveries.begin(message());
    const ended = deliveries.end(10_000);
    await delivered[0]?.ack();
    expect(await ended).toEqual([]);
  });

  test('gives up what is left after the timeout, and returns it', async () => {
    const { deliveries, delivered } = kept();
    const [one, other] = [message('a'), message('b')];
    deliveries.begin(one);
    deliveries.begin(other);
    await delivered[0]?.ack();
    expect(await deliveries.end(10)).toEqual([other]);
    expect(delivered[1]?.signal.aborted).toBe(true);
  });

  test.each(['before', 'after'])(
    'does not wait for a delivery that resolved un-acked %s it began, and returns it',
    async (when) => {
      const resolved = Promise.withResolvers<void>();
      const { deliveries, settling } = started(() => resolved.promise);
      const [one, other] = [message('a'), message('b')];
      deliveries.begin(one);
      deliveries.begin(other);
      if (when === 'before') {
        resolved.resolve();
        await microtasks();
      }
      expect(deliveries.unsettled()).toEqual([one, other]);
      const ended = deliveries.end(60_000);
      resolved.resolve();
      expect(await ended).toEqual([one, other]);
      expect(settling.ack).not.toHaveBeenCalled();
      expect(settling.retry).not.toHaveBeenCalled();
    },
  );

  test('waits for a delivery that is settled after it resolved', async () => {
    const delivered: Delivery[] = [];
    const confirmed = Promise.withResolvers<void>();
    const { deliveries, onEnd } = started(async (delivery) => void delivered.push(delivery), {
      ack: () => confirmed.promise,
    });
    deliveries.begin(message());
    await microtasks();
    void delivered[0]?.ack();
    const ended = deliveries.end(60_000);
    await microtasks();
    expect(onEnd).not.toHaveBeenCalled();
    confirmed.resolve();
    expect(await ended).toEqual([]);
    expect(onEnd).toHaveBeenCalledExactlyOnceWith(message(), { kind: 'settled' });
  });
});
