import { afterEach, expect, test, vi } from 'vitest';
import { canStart, serverFor } from './server-for.ts';

afterEach(() => vi.unstubAllEnvs());

test('a URL in the environment wins over a server of our own', async () => {
  vi.stubEnv('RABBITMQ_URL', 'amqp://somewhere');
  const server = await serverFor('rabbitmq');
  expect(server).toMatchObject({ available: true, url: 'amqp://somewhere' });
  expect(server.title('a suite')).toBe('a suite');
});

test('without a URL and a program the suite has no server, and its title says why', async () => {
  vi.stubEnv('RABBITMQ_URL', '');
  vi.stubEnv('RABBITMQ_BIN_DIR', '/nowhere');
  vi.stubEnv('REQUIRE_BROKERS', 'postgres');
  const server = await serverFor('rabbitmq');
  expect(server.available).toBe(false);
  expect(server.title('a suite')).toBe(
    'a suite (skipped: RABBITMQ_URL is not set and there is no /nowhere/rabbitmq-server)',
  );
  expect(() => server.url).toThrow('no rabbitmq');
});

test('a kind that REQUIRE_BROKERS names must be there', async () => {
  vi.stubEnv('RABBITMQ_URL', '');
  vi.stubEnv('RABBITMQ_BIN_DIR', '/nowhere');
  vi.stubEnv('REQUIRE_BROKERS', 'postgres, rabbitmq');
  await expect(serverFor('rabbitmq')).rejects.toThrow(
    'REQUIRE_BROKERS names rabbitmq, but RABBITMQ_URL is not set',
  );
  await expect(canStart('rabbitmq')).rejects.toThrow('REQUIRE_BROKERS names rabbitmq');
});
