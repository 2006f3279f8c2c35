import { expect, test } from 'vitest';
import { generateKeyPair } from '../auth/keys.ts';
import { transportSchemes } from '../transport.ts';
import { parseConfig } from './parse-config.ts';
import { serviceConfig } from './settings.ts';

const environment = (broker: string) => ({
  PORT: '0',
  DATABASE_URL: 'postgres://here/order',
  JWT_PUBLIC_KEY: generateKeyPair().publicKey,
  BUS_URL: broker,
});

test.each(transportSchemes)('accepts a broker with the scheme %s', (scheme) => {
  expect(parseConfig(serviceConfig, environment(`${scheme}//here`))).toMatchObject({
    BUS_URL: `${scheme}//here`,
  });
});

test('a broker without a transport is an error', () => {
  expect(() => parseConfig(serviceConfig, environment('nats://here'))).toThrow(/^BUS_URL is wrong: .*amqp:/);
});
