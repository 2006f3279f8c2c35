import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { orderDatabase } from './order-database.ts';

const folder = mkdtempSync(join(tmpdir(), 'order-database-'));
const dataDir = join(folder, '.data');
afterAll(() => rmSync(folder, { recursive: true }));

test('the variable comes first', async () => {
  const url = 'postgresql://order:secret@db/order';
  expect(await orderDatabase({ ORDER_DATABASE_URL: url }, folder, 'events')).toBe(url);
});

test.each(['nonsense', 'mysql://a/b'])('a variable that is %s is refused by its name', (url) =>
  expect(orderDatabase({ ORDER_DATABASE_URL: url }, folder, 'events')).rejects.toThrow(
    /^ORDER_DATABASE_URL: must be the URL/,
  ),
);

test('without it and without a running shop the error says what to do', () =>
  expect(orderDatabase({}, folder, 'events')).rejects.toThrow(
    new RegExp(`^no shop is running on ${dataDir}: .*npm run demo.*DATA_DIR.*ORDER_DATABASE_URL`),
  ));

test('the error names the command for containers, whose database is not reachable from outside', () =>
  expect(orderDatabase({}, folder, 'projections')).rejects.toThrow(
    'docker compose exec order node services/order/src/projections/main.ts',
  ));

test('a running shop is found by its data folder', async () => {
  mkdirSync(join(dataDir, 'postgres', 'cluster'), { recursive: true });
  writeFileSync(join(dataDir, 'secrets.json'), JSON.stringify({ databasePassword: 'a-b_c' }));
  const lines = ['4711', '/data', '1760000000', '15432', '/tmp', '127.0.0.1', '123 0', 'ready'];
  writeFileSync(join(dataDir, 'postgres', 'cluster', 'postmaster.pid'), lines.join('\n'));
  const expected = 'postgres://order:a-b_c@127.0.0.1:15432/order';
  expect(await orderDatabase({}, folder, 'events')).toBe(expected);
  expect(await orderDatabase({ DATA_DIR: dataDir }, '/elsewhere', 'events')).toBe(expected);
});
