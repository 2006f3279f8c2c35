import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { canStart, ownServerFor, serverFor } from './server-for.ts';

beforeEach(() => {
  vi.stubEnv('DOCKER_HOST', 'unix:///nowhere/docker.sock');
  vi.stubEnv('TEST_SERVERS', '');
});
afterEach(() => vi.unstubAllEnvs());

test('a URL in the environment wins over a server of our own', async () => {
  vi.stubEnv('RABBITMQ_URL', 'amqp://somewhere');
  const server = await serverFor('rabbitmq');
  expect(server).toMatchObject({ available: true, url: 'amqp://somewhere' });
  expect(server.title('a suite')).toBe('a suite');
});

test('without a URL and a program the suite has no server, and its title has the reason', async () => {
  vi.stubEnv('RABBITMQ_URL', '');
  vi.stubEnv('RABBITMQ_BIN_DIR', '/nowhere');
  vi.stubEnv('REQUIRE_BROKERS', 'postgres');
  const server = await serverFor('rabbitmq');
  expect(server.available).toBe(false);
  expect(server.title('a suite')).toBe(
    'a suite (skipped: RABBITMQ_URL is not set and no Docker engine answers and there is no /nowhere/rabbitmq-server)',
  );
  expect(() => server.url).toThrow('no rabbitmq');
});

test('a kind in REQUIRE_BROKERS must be available', async () => {
  vi.stubEnv('RABBITMQ_URL', '');
  vi.stubEnv('RABBITMQ_BIN_DIR', '/nowhere');
  vi.stubEnv('REQUIRE_BROKERS', 'postgres, rabbitmq');
  await expect(serverFor('rabbitmq')).rejects.toThrow(
    'REQUIRE_BROKERS names rabbitmq, but RABBITMQ_URL is not set',
  );
  await expect(canStart('rabbitmq')).rejects.toThrow('REQUIRE_BROKERS names rabbitmq');
});

test('TEST_SERVERS=containers allows no other server, and other values are refused', async () => {
  vi.stubEnv('POSTGRES_URL', '');
  vi.stubEnv('REQUIRE_BROKERS', '');
  vi.stubEnv('TEST_SERVERS', 'containers');
  const { available, title } = await ownServerFor('postgres');
  expect(available).toBe(false);
  expect(title('a suite')).toBe(
    'a suite (skipped: no Docker engine answers and TEST_SERVERS asks for containers)',
  );
  vi.stubEnv('TEST_SERVERS', 'docker');
  await expect(serverFor('postgres')).rejects.toThrow('TEST_SERVERS: must be containers or programs');
});

test('ownServerFor never uses the server of a URL', async () => {
  vi.stubEnv('RABBITMQ_URL', 'amqp://somewhere');
  vi.stubEnv('RABBITMQ_BIN_DIR', '/nowhere');
  vi.stubEnv('REQUIRE_BROKERS', '');
  const { available, start } = await ownServerFor('rabbitmq');
  expect(available).toBe(false);
  await expect(start()).rejects.toThrow('no rabbitmq: no Docker engine answers');
});
