import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { shop } from '@emporium/contracts';
import { expect, test } from 'vitest';
import { services } from './services.ts';

const folder = resolve(import.meta.dirname, '../../../services');
const ownProcesses = services.filter(({ part }) => part === undefined);

test('every service has a process, and every process a service', () => {
  const folders = readdirSync(folder).filter((name) => existsSync(resolve(folder, name, 'src/main.ts')));
  expect(ownProcesses.map(({ name }) => name).toSorted()).toEqual(folders.toSorted());
});

test.each(services.flatMap(({ name, part }) => (part === undefined ? [] : [{ name, ...part }])))(
  '$name is a part of a service that is there',
  ({ service, main }) => {
    expect(ownProcesses.map(({ name }) => name)).toContain(service);
    expect(existsSync(resolve(folder, service, main))).toBe(true);
  },
);

test('who takes part in messaging has a database', () => {
  const parties = new Set([
    ...shop.on('bus').contracts.map(({ owner }) => owner),
    ...shop.subscriptions.map(({ service }) => service),
  ]);
  const withDatabase = services.filter(({ database }) => database).map(({ name }) => name);
  expect([...parties].filter((name) => !withDatabase.includes(name))).toEqual([]);
});
