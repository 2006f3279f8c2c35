import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { addresses } from './addresses.ts';

const root = resolve(import.meta.dirname, '../../..');

/** Services that only send and receive messages: name them here, with the reason. */
const withoutAddress: Readonly<Record<string, string>> = { gateway: 'it is the one that forwards' };

const programs = ['services', 'infra/stand-ins'].flatMap((folder) =>
  readdirSync(resolve(root, folder)).filter((name) => existsSync(resolve(root, folder, name, 'src/main.ts'))),
);

test.each(programs)('%s has an address, or a reason why it has none', (name) => {
  const isThere = addresses.some(({ service }) => service === name) || withoutAddress[name] !== undefined;
  expect(isThere, `${name} has no line in services/gateway/src/addresses.ts`).toBe(true);
});

test.each([...new Set(addresses.map(({ service }) => service))])('%s is a service', (name) =>
  expect(programs).toContain(name),
);
