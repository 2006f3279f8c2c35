import { expect, test } from 'vitest';
import type { Client, Reply } from '../client.ts';
import type { Connection } from '../connection.ts';
import { aboutText, fieldNames } from '../entry.ts';
import { createQueue } from './queue.ts';

const clientOf = (answer: (from: unknown) => Promise<Reply>): Client => ({
  command: async (name, ...args) => (name === 'XREADGROUP' ? answer(args.at(-1)) : 1),
  run: async () => [],
  connected: () => true,
  reason: () => '',
  close: async () => {},
});

/** A server whose answers are given by the test: to `>` what is new, to `0` what is this consumer's already. */
const scripted = (answer: (from: unknown) => Promise<Reply>) => {
  let onUp = (): void => {};
  const ignore = (): void => {};
  const connection: Connection = {
    log: { info: ignore, warn: ignore, error: ignore },
    commands: clientOf(answer),
    openReader: (_purpose, _waitMs, up) => {
      onUp = up;
      return clientOf(answer);
    },
    upFor: () => 0,
    retryWhileAway: (work) => work(),
    status: () => ({ state: 'up' }),
    closing: ignore,
    close: async () => {},
  };
  const queue = createQueue(connection, { name: 'a.b', concurrency: 10, wake: ignore });
  return { queue, reconnected: () => onUp() };
};

const streamOf = (...ids: string[]): Reply => {
  const about = Buffer.from(aboutText({ id: 'x', type: 'a.b', key: 'k', body: Buffer.alloc(0) }));
  const fields = [Buffer.from(fieldNames.about), about, Buffer.from('body'), Buffer.from('{}')];
  return [[Buffer.from('bus:queue:a.b'), ids.map((id) => [Buffer.from(id), fields])]];
};

test('after a reconnect messages of a lost reply are read, and those settled meanwhile are not delivered twice', async () => {
  const lost = Promise.withResolvers<Reply>();
  const news: Reply[] = [streamOf('1-0')];
  const mine: Promise<Reply>[] = [Promise.resolve(streamOf()), lost.promise];
  const { queue, reconnected } = scripted(async (from) =>
    from === '0' ? ((await mine.shift()) ?? null) : (news.shift() ?? null),
  );
  await queue.fetch(10);
  const first = queue.next();
  expect(first?.entry).toBe('1-0');

  reconnected();
  const fetching = queue.fetch(10);
  if (first !== undefined) queue.release(first); // the server had answered before it was acked
  lost.resolve(streamOf('1-0', '1-1'));
  await fetching;

  expect(queue.next()?.entry).toBe('1-1');
  expect(queue.next()).toBeUndefined();
});

test('after a reconnect messages in progress are not delivered twice', async () => {
  const { queue, reconnected } = scripted(async () => streamOf('1-0'));
  await queue.fetch(10);
  expect(queue.next()?.entry).toBe('1-0');
  reconnected();
  await queue.fetch(10);
  expect(queue.next()).toBeUndefined();
});
