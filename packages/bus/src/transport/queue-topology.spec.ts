import { expect, test, vi } from 'vitest';
import { mails, registry } from '../../test/contracts.ts';
import { createQueueTopology, type Queue, type QueueAdmin } from './queue-topology.ts';

const types = mails.to.map(({ type }) => type);

const started = (queues: readonly Queue[]) => {
  const admin = {
    list: async () => queues,
    create: vi.fn<QueueAdmin['create']>(async () => {}),
    bind: vi.fn<QueueAdmin['bind']>(async () => {}),
    unbind: vi.fn<QueueAdmin['unbind']>(async () => {}),
    remove: vi.fn<QueueAdmin['remove']>(async (names) =>
      names.map((name) => ({ name, inUse: queues.find((queue) => queue.name === name)?.inUse })),
    ),
  };
  return { admin, topology: createQueueTopology(registry, admin, (work) => work()) };
};

const commands: Queue = { name: 'inventory.commands', ordered: false, types: ['inventory.reserve'] };
const complete = [commands, { name: mails.name, ordered: mails.ordered, types }];

test('a broker that has all queues and bindings needs no change', async () => {
  const { topology } = started(complete);
  expect(await topology.diff()).toEqual([]);
});

test('missing and incomplete queues are created, and missing bindings are added', async () => {
  const { topology, admin } = started([{ ...commands, incomplete: true }]);
  const changes = [
    { action: 'create', what: 'queue inventory.commands' },
    { action: 'create', what: 'queue email.orders' },
    ...types.map((type) => ({ action: 'create', what: `binding email.orders <- ${type}` })),
  ];
  expect(await topology.diff()).toEqual(changes);
  expect(await topology.apply()).toEqual(changes);
  expect(admin.create.mock.calls.map(([{ name }]) => name)).toEqual(['inventory.commands', 'email.orders']);
  expect(admin.bind).toHaveBeenCalledExactlyOnceWith(types.map((type) => ({ name: 'email.orders', type })));
});

test('a queue of another kind is a conflict', async () => {
  const { topology } = started([{ ...commands, ordered: true }, ...complete.slice(1)]);
  expect(await topology.diff()).toEqual([
    { action: 'conflict', what: 'queue inventory.commands', detail: 'it exists as ordered' },
  ]);
});

test('prune removes bindings and queues that the registry does not imply, and reports those in use', async () => {
  const old = { ordered: false, types: [] };
  const { topology, admin } = started([
    { ...commands, types: ['inventory.reserve', 'order.placed'] },
    ...complete.slice(1),
    { ...old, name: 'a.b' },
    { ...old, name: 'c.d', inUse: 'it holds messages' },
  ]);
  expect(await topology.diff()).toEqual([
    { action: 'remove', what: 'binding inventory.commands <- order.placed' },
    { action: 'remove', what: 'queue a.b' },
    { action: 'remove', what: 'queue c.d', detail: 'it holds messages' },
  ]);
  expect(await topology.prune()).toEqual([
    { action: 'remove', what: 'binding inventory.commands <- order.placed' },
    { action: 'remove', what: 'queue a.b' },
    { action: 'conflict', what: 'queue c.d', detail: 'it holds messages' },
  ]);
  expect(admin.unbind).toHaveBeenCalledExactlyOnceWith([
    { name: 'inventory.commands', type: 'order.placed' },
  ]);
});
