import { describe, expect, test, vi } from 'vitest';
import { busErrors } from '../../errors.ts';
import { maxBodyBytes, type OutgoingMessage } from '../../transport.ts';
import { createBatchPublisher, type MessageStore } from './batch-publisher.ts';
import { noListeners } from './known-listeners.ts';

const message = (id: string, more: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
  id,
  type: 'order.placed',
  kind: 'event',
  owner: 'order',
  key: 'k',
  body: Buffer.from('{}'),
  ...more,
});

const oneListener = { count: 1, removed: 0 };

const started = (options: Partial<MessageStore> = {}) => {
  const store = vi.fn<MessageStore['store']>(async (messages) =>
    messages.map(() => ({ stored: true, listeners: oneListener })),
  );
  const publisher = createBatchPublisher({
    maxMessages: 2,
    store,
    storeFor: async (messages) => messages.map(() => true),
    mayBeOneMessage: () => false,
    ...options,
  });
  const batches = () => store.mock.calls.map(([messages]) => messages.map(({ id }) => id));
  return { publisher, store, batches };
};

const accepted = { status: 'accepted' };
const refused = (code: string) => ({ status: 'refused', error: { code } });

describe('a batch', () => {
  test('has up to the maximum of messages, in the order of publishing', async () => {
    const { publisher, batches } = started();
    expect(await publisher.publish(['a', 'b', 'c'].map((id) => message(id)))).toEqual([
      accepted,
      accepted,
      accepted,
    ]);
    expect(batches()).toEqual([['a', 'b'], ['c']]);
  });

  test('has about 4 MiB of bodies at most', async () => {
    const { publisher, batches } = started();
    const body = Buffer.alloc(3 * 1024 * 1024);
    await publisher.publish([message('a', { body }), message('b', { body })]);
    expect(batches()).toEqual([['a'], ['b']]);
  });

  test('is stored message by message if one of them may be the reason of its failure', async () => {
    const store = vi.fn<MessageStore['store']>(async (messages) => {
      if (messages.some(({ id }) => id === 'bad')) throw new Error('bad value');
      return messages.map(() => ({ stored: true, listeners: oneListener }));
    });
    const { publisher } = started({ store, mayBeOneMessage: () => true });
    expect(await publisher.publish([message('a'), message('bad')])).toMatchObject([
      accepted,
      refused('bus.refused'),
    ]);
  });

  test('that fails for another reason is refused as a whole', async () => {
    const { publisher } = started({ store: () => Promise.reject(busErrors.broker_away()) });
    expect(await publisher.publish([message('a'), message('b')])).toMatchObject([
      refused('bus.broker_away'),
      refused('bus.broker_away'),
    ]);
  });
});

describe('a message', () => {
  test('that is mandatory needs as many listeners as before, and another needs none', async () => {
    const { publisher, store } = started();
    const messages = () => [message('a'), message('b', { kind: 'command' })];
    await publisher.publish(messages());
    store.mockImplementation(async (batch) =>
      batch.map(() => ({ stored: true, listeners: { count: 3, removed: 0 } })),
    );
    await publisher.publish(messages());
    await publisher.publish(messages());
    expect(store.mock.calls.map(([, expected]) => expected)).toMatchObject([
      [noListeners, { count: 1 }],
      [noListeners, { count: 1 }],
      [noListeners, { count: 3 }],
    ]);
  });

  test('that was not stored is unroutable if it is mandatory, and refused otherwise', async () => {
    const { publisher } = started({
      store: async (messages) => messages.map(() => ({ stored: false, listeners: noListeners })),
    });
    expect(await publisher.publish([message('a', { mandatory: true }), message('b')])).toMatchObject([
      refused('bus.unroutable'),
      refused('bus.refused'),
    ]);
  });

  test('that is too big, or that the broker cannot store, is not sent', async () => {
    const { publisher, batches } = started({
      refusalOf: ({ id }) => (id === 'bad' ? busErrors.refused() : undefined),
    });
    const big = Buffer.alloc(maxBodyBytes + 1);
    expect(
      await publisher.publish([message('big', { body: big }), message('bad'), message('a')]),
    ).toMatchObject([refused('bus.message_too_big'), refused('bus.refused'), accepted]);
    expect(batches()).toEqual([['a']]);
  });
});

describe('messages for one subscription each', () => {
  type Store = MessageStore['storeFor'];
  const sending = (storeFor: Store, options: Partial<MessageStore> = {}) => {
    const sent = vi.fn<Store>(storeFor);
    const { publisher } = started({ storeFor: sent, ...options });
    const sendTo = (name: string, id: string) =>
      publisher.sendTo({ name } as Parameters<typeof publisher.sendTo>[0], message(id)); // all that is used
    const batches = () =>
      sent.mock.calls.map(([messages]) => messages.map(({ subscription, id }) => `${subscription} ${id}`));
    return { sendTo, batches, publisher };
  };
  const storeAll: Store = async (messages) => messages.map(() => true);

  test('share batches if they are sent at one time, in the order of the calls', async () => {
    const { sendTo, batches } = sending(storeAll);
    const sent = [sendTo('email.orders', 'a'), sendTo('payment.orders', 'b'), sendTo('email.orders', 'c')];
    expect(await Promise.all(sent)).toEqual([accepted, accepted, accepted]);
    expect(batches()).toEqual([['email.orders a', 'payment.orders b'], ['email.orders c']]);
  });

  test('do not wait for others', async () => {
    const { sendTo, batches } = sending(storeAll);
    await sendTo('email.orders', 'a');
    await sendTo('email.orders', 'b');
    expect(batches()).toEqual([['email.orders a'], ['email.orders b']]);
  });

  test('are unroutable if that has no queue, and only those', async () => {
    const { sendTo } = sending(async (messages) =>
      messages.map(({ subscription }) => subscription === 'email.orders'),
    );
    const sent = [sendTo('email.gone', 'a'), sendTo('email.orders', 'b')];
    expect(await Promise.all(sent)).toMatchObject([refused('bus.unroutable'), accepted]);
  });

  test('are stored one by one if one of them may be the reason of a failure', async () => {
    const storeFor: Store = async (messages) => {
      if (messages.some(({ id }) => id === 'bad')) throw new Error('bad value');
      return messages.map(() => true);
    };
    const { sendTo, batches } = sending(storeFor, { mayBeOneMessage: () => true });
    const sent = [sendTo('email.orders', 'bad'), sendTo('email.orders', 'a')];
    expect(await Promise.all(sent)).toMatchObject([refused('bus.refused'), accepted]);
    expect(batches()).toEqual([
      ['email.orders bad', 'email.orders a'],
      ['email.orders bad'],
      ['email.orders a'],
    ]);
  });

  test('are refused after a close, which waits for those in flight', async () => {
    const stored = Promise.withResolvers<readonly boolean[]>();
    const { sendTo, publisher } = sending(() => stored.promise);
    const sent = sendTo('email.orders', 'a');
    const closed = publisher.close();
    expect(await sendTo('email.orders', 'b')).toMatchObject(refused('bus.closed'));
    stored.resolve([true]);
    await closed;
    expect(await sent).toEqual(accepted);
  });
});

test('close waits for the messages in flight and refuses new ones', async () => {
  const stored = Promise.withResolvers<void>();
  const { publisher } = started({
    store: async (messages) => {
      await stored.promise;
      return messages.map(() => ({ stored: true, listeners: oneListener }));
    },
  });
  const published = publisher.publish([message('a')]);
  const closed = publisher.close();
  expect(await publisher.publish([message('b')])).toMatchObject([refused('bus.closed')]);
  stored.resolve();
  await closed;
  expect(await published).toEqual([accepted]);
});
