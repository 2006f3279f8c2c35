import { expect, test } from 'vitest';
import { z } from 'zod';
import { generateKeyPair } from '../auth/keys.ts';
import { ConfigError, parseConfig } from './parse-config.ts';
import { httpUrl, milliseconds, processConfig, secret, serviceConfig } from './settings.ts';

const failureOf = (schema: z.ZodType, environment: Record<string, string>): ConfigError => {
  try {
    parseConfig(schema, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
};

const complete = {
  PORT: '4001',
  DATABASE_URL: 'postgres://order:hunter22@127.0.0.1:5432/order',
  BUS_URL: 'amqp://guest:guest@127.0.0.1',
  JWT_PUBLIC_KEY: generateKeyPair().publicKey,
};

test('parses a complete environment, with defaults for missing variables', () => {
  const config = parseConfig(serviceConfig, { ...complete, PATH: '/bin' });
  expect(config).toMatchObject({ PORT: 4001, HOST: '127.0.0.1', LOG_LEVEL: 'info' });
  expect(config.JWT_PUBLIC_KEY.asymmetricKeyType).toBe('ed25519');
});

test('lists every wrong variable, with what is wrong and an example', () => {
  const { message, variables } = failureOf(serviceConfig, {
    ...complete,
    PORT: 'eighty',
    BUS_URL: 'ftp://x',
    DATABASE_URL: '',
  });
  expect(variables).toEqual(['PORT', 'DATABASE_URL', 'BUS_URL']);
  expect(message.split('\n')).toEqual([
    'PORT is wrong: must be a number; for example PORT=8080',
    expect.stringMatching(/^DATABASE_URL is missing; for example DATABASE_URL=postgres:/),
    expect.stringMatching(
      /^BUS_URL is wrong: must be a URL that begins with postgres:.*; for example BUS_URL=amqp:/,
    ),
  ]);
});

test('includes the example of a setting with a default', () => {
  expect(failureOf(processConfig, { PORT: '1', LOG_LEVEL: 'loud' }).message).toMatch(
    /^LOG_LEVEL is wrong: .*LOG_LEVEL=info$/,
  );
});

test('an error never contains the given value', () => {
  const schema = z.object({
    API_KEY: secret,
    SHOP_URL: httpUrl('http://shop'),
    WAIT_MS: milliseconds,
    JWT_PUBLIC_KEY: serviceConfig.shape.JWT_PUBLIC_KEY,
  });
  const { message, stack } = failureOf(schema, {
    API_KEY: 'hunter2',
    SHOP_URL: 'postgres://me:hunter2@db',
    WAIT_MS: 'hunter2',
    JWT_PUBLIC_KEY: 'hunter2',
  });
  expect(`${message}${stack}`).not.toContain('hunter2');
  expect(message.split('\n')).toHaveLength(4);
});

test('a private key is not a public key', () => {
  expect(
    failureOf(serviceConfig, { ...complete, JWT_PUBLIC_KEY: generateKeyPair().privateKey }).variables,
  ).toEqual(['JWT_PUBLIC_KEY']);
});

test('a schema may transform the names of the variables', () => {
  const schema = z.object({ PORT: processConfig.shape.PORT }).transform(({ PORT }) => ({ port: PORT }));
  expect(parseConfig(schema, { PORT: '1' })).toEqual({ port: 1 });
  expect(failureOf(schema, {}).message).toBe('PORT is missing; for example PORT=8080');
});
