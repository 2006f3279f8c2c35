import { expect, test } from 'vitest';
import type { ServiceProcess } from '../service-process.ts';
import { type ControlledShop, createProcessControl } from './controlled-processes.ts';

/** Not a process of this machine: nothing may be sent to it. */
const noProcess = undefined;

const fake = (name: string, changes: Partial<ServiceProcess> = {}): ServiceProcess => ({
  ...{ name, address: 'http://127.0.0.1:1', logFile: '', pid: noProcess, wanted: true },
  start: () => Promise.resolve(),
  stop: () => Promise.resolve(0),
  kill: () => Promise.resolve(),
  onCrash: () => undefined,
  ...changes,
});

const shopOf = (process: ServiceProcess, changes: Partial<ControlledShop> = {}): ControlledShop => ({
  processes: () => [{ process, service: process.name, added: false }],
  restarts: true,
  scale: () => Promise.resolve(),
  ...changes,
});

test('a process that has crashed is being restarted, or is down where nobody restarts it', () => {
  const crashed = fake('payment');
  expect(createProcessControl(shopOf(crashed)).list()).toMatchObject([{ state: 'restarting' }]);
  expect(createProcessControl(shopOf(crashed, { restarts: false })).list()).toMatchObject([
    { state: 'down' },
  ]);
  expect(createProcessControl(shopOf(fake('payment', { wanted: false }))).list()).toMatchObject([
    { state: 'down' },
  ]);
});

test.each(['gateway', 'web', 'operations', 'user-registration'])('%s is left alone', async (name) => {
  const control = createProcessControl(shopOf(fake(name)));
  expect(control.list()).toMatchObject([{ untouchable: 'The console needs it.' }]);
  expect(await control.act(name, 'kill')).toMatchObject({ kind: 'refused' });
});

test('an unknown process is unknown', async () =>
  expect(await createProcessControl(shopOf(fake('payment'))).act('nobody', 'kill')).toEqual({
    kind: 'unknown',
  }));

test('a start that fails says why', async () => {
  const start = () => Promise.reject(new Error('no database\nand more'));
  const control = createProcessControl(shopOf(fake('payment', { wanted: false, start })));
  expect(await control.act('payment', 'start')).toEqual({ kind: 'done' });
  await expect.poll(() => control.list()).toMatchObject([{ problem: 'no database' }]);
});

test('of a stand-in there is one, and of others a few', async () => {
  const standIn = createProcessControl(shopOf(fake('mailbox')));
  expect(await standIn.act('mailbox', 'scale')).toMatchObject({ kind: 'refused' });
  const payment = fake('payment');
  const added = [2, 3, 4, 5].map((number) => ({
    ...{ process: fake(`payment-${number}`), service: 'payment', added: true },
  }));
  const many = createProcessControl(
    shopOf(payment, { processes: () => [{ process: payment, service: 'payment', added: false }, ...added] }),
  );
  expect(await many.act('payment', 'scale')).toMatchObject({ kind: 'refused' });
});

test('only a process that was added is stopped', async () =>
  expect(await createProcessControl(shopOf(fake('payment'))).act('payment', 'stop')).toMatchObject({
    kind: 'refused',
  }));
