import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { services as names, shop } from '@emporium/contracts';
import { expect, test } from 'vitest';
import { services } from './services.ts';

const root = resolve(import.meta.dirname, '../../..');
const ownProcesses = services.filter(({ part }) => part === undefined);

test.each([
  { folder: 'services', entries: ownProcesses.filter(({ standIn }) => !standIn) },
  { folder: 'infra/stand-ins', entries: ownProcesses.filter(({ standIn }) => standIn) },
])('every program in $folder has a process, and every process a program', ({ folder, entries }) => {
  const programs = readdirSync(resolve(root, folder)).filter((name) =>
    existsSync(resolve(root, folder, name, 'src/main.ts')),
  );
  expect(programs.length).toBeGreaterThan(0);
  expect(entries.map(({ name }) => name).toSorted()).toEqual(programs.toSorted());
});

test.each(services.flatMap(({ name, part }) => (part === undefined ? [] : [{ name, ...part }])))(
  '$name is a part of a service that is there',
  ({ service, main }) => {
    expect(ownProcesses.map(({ name }) => name)).toContain(service);
    expect(existsSync(resolve(root, 'services', service, main))).toBe(true);
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

test.each(names)('%s, which contracts may name, is a process', (name) =>
  expect(ownProcesses.map((entry) => entry.name)).toContain(name),
);
