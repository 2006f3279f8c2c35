import {
  type Cause,
  createMessage,
  type Log,
  type Message,
  newContext,
  permanent,
  readMessage,
  send,
} from '@emporium/bus';
import {
  type Contract,
  cancelShipment,
  createRegistry,
  dispatchOrder,
  type Input,
  paymentRefundDeclined,
  paymentRefunded,
  quick,
  refundPayment,
  releaseStock,
  reserveStock,
  type ServiceName,
  shipmentCancelled,
  shipmentDispatched,
  shipmentFailed,
  shop,
  stockRejected,
  stockReleased,
  stockReserved,
  subscription,
} from '@emporium/contracts';
import { freshDatabase, serverFor } from '@emporium/servers';
import { createStore, type Store } from '@emporium/store';
import { rowsRead } from '@emporium/store/testing';
import { scrape } from '@emporium/telemetry';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findSagas } from '../src/find-sagas.ts';
import { createSagaRunner, pivot, type SagaFact, saga, sagaMigrations, step } from '../src/index.ts';
import { findOverdue, lockSagas, updateSagas } from '../src/saga-store.ts';

type NoTables = Record<never, never>;

interface Order {
  readonly orderId: string;
}

const postgres = await serverFor('postgres');
const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const lines = [{ sku: 'MUG-1', quantity: 1 }];
const customerId = uuid();

const definition = (timeoutMs: number) =>
  saga<Order>('test', {
    steps: [
      step('reserve', {
        command: ({ orderId }: Order) => send(reserveStock, { orderId, lines }),
        success: stockReserved,
        failure: stockRejected,
        compensate: ({ orderId }) => send(releaseStock, { orderId }),
        compensated: stockReleased,
        timeoutMs,
      }),
      pivot(
        step('dispatch', {
          command: ({ orderId }: Order) => send(dispatchOrder, { orderId, customerId, lines }),
          success: shipmentDispatched,
          failure: shipmentFailed,
          timeoutMs,
        }),
        {
          cancel: ({ orderId }) => send(cancelShipment, { orderId }),
          cancelled: shipmentCancelled,
        },
      ),
    ],
    idOf: ({ orderId }) => String(orderId),
  });

/** A second saga of the same service, which only goes forward. */
const refunding = (timeoutMs: number, attempts = 6) =>
  saga<Order>('refunding', {
    steps: [
      step('refund', {
        command: ({ orderId }: Order) => send(refundPayment, { orderId, refundId: orderId, amount }),
        success: paymentRefunded,
        failure: paymentRefundDeclined,
        timeoutMs,
      }),
    ],
    idOf: ({ refundId }) => String(refundId),
    attempts,
  });
const amount = { amount: 100, currency: 'EUR' };

const reply = <C extends Contract>(
  service: ServiceName,
  contract: C,
  data: Input<C>,
  stepId: string,
): Message =>
  readMessage(
    shop,
    new Set([contract]),
    createMessage(service, contract, data, newContext(), { stepId }).body,
  );

/** Without the shop's declarations of what follows from what: the saga under test is another one. */
const registry = createRegistry({ contracts: shop.contracts, subscriptions: shop.subscriptions });

describe.skipIf(!postgres.available)(postgres.title('saga runner'), () => {
  let store: Store<NoTables>;
  let second: Store<NoTables>;
  let url: string;
  let drop: () => Promise<void>;
  const facts: { id: string; fact: SagaFact; cause: Cause }[] = [];

  beforeAll(async () => {
    const database = await freshDatabase(postgres.url);
    const open = () => createStore<NoTables>({ service: 'order', registry, url: database.url, log: silent });
    store = open();
    second = open();
    await store.migrate(sagaMigrations);
    ({ url, drop } = database);
  });
  afterAll(async () => {
    await store.close();
    await second.close();
    await drop();
  });

  const createRunner = (over: Store<NoTables>, timeoutMs = 60_000) =>
    createSagaRunner<Order, NoTables>(over, {
      definition: definition(timeoutMs),
      log: silent,
      follow: async (changes) => {
        for (const { state, facts: happened, cause } of changes)
          facts.push(...happened.map((fact) => ({ id: state.id, fact, cause })));
        return changes.map(() => undefined);
      },
    });
  const begin = async (runner: ReturnType<typeof createRunner>, orderId = uuid()): Promise<string> => {
    await store.transaction(async ({ tx, now, context, effects }) => {
      const begun = await runner.begin(tx, [{ id: orderId, subject: { orderId }, context }], now);
      effects.push(...begun.flat());
    });
    return orderId;
  };
  const run = (runner: ReturnType<typeof createRunner>, over = store) => {
    const replies = subscription('order.test', { to: definition(1).replies, retry: quick });
    const { run: handle } = over.runner(replies, runner.replies);
    return (...messages: Message[]) =>
      Promise.all(messages.map((message) => handle(message, new AbortController().signal)));
  };
  const phaseOf = async (id: string) => {
    const { rows } = await sql<{
      phase: string;
      final: boolean;
    }>`select phase, final from saga where id = ${id}`.execute(store.db);
    return rows[0];
  };
  const commandsOf = async (id: string) => {
    const { rows } = await sql<{
      type: string;
    }>`select type from outbox where key = ${id} order by id`.execute(store.db);
    return rows.map(({ type }) => type);
  };
  const dispatched = (orderId: string) =>
    reply(
      'shipping',
      shipmentDispatched,
      { orderId, customerId, shipmentId: uuid(), trackingNumber: 'T' },
      `${orderId}/dispatch/1`,
    );
  const reserved = (orderId: string) =>
    reply('inventory', stockReserved, { orderId }, `${orderId}/reserve/1`);

  test('starts in the caller’s transaction, with its first command in the outbox', async () => {
    const id = await begin(createRunner(store));
    expect(await commandsOf(id)).toEqual(['inventory.reserve-stock.v2']);
    expect(await phaseOf(id)).toEqual({ phase: 'running', final: false });
  });

  test('a transaction that is rolled back leaves no saga and no command', async () => {
    const runner = createRunner(store);
    const orderId = uuid();
    const failed = store.transaction(async ({ tx, now, effects }) => {
      const beginning = { id: orderId, subject: { orderId }, context: newContext() };
      effects.push(...(await runner.begin(tx, [beginning], now)).flat());
      throw new Error('rolled back');
    });
    await expect(failed).rejects.toThrow('rolled back');
    expect([await phaseOf(orderId), await commandsOf(orderId)]).toEqual([undefined, []]);
  });

  test('each reply changes it once, however often it is delivered', async () => {
    const runner = createRunner(store);
    const id = await begin(runner);
    const messages = [reserved(id), dispatched(id)];
    for (const message of messages) await run(runner)(message);
    await run(runner)(...messages, ...messages);
    expect(await phaseOf(id)).toEqual({ phase: 'completed', final: true });
    expect(await commandsOf(id)).toEqual(['inventory.reserve-stock.v2', 'shipping.dispatch-order.v2']);
    expect(facts.filter((each) => each.id === id).map(({ fact }) => fact.fact)).toEqual([
      'step-done',
      'step-done',
      'completed',
    ]);
  });

  test('accepts the replies of the previous release', async () => {
    const runner = createRunner(store);
    const id = await begin(runner);
    const first = shop.contract('stock.rejected');
    if (first === undefined) throw new Error('version 1 is not registered');
    const data = { orderId: id, stepId: `${id}/reserve/1`, reason: 'out-of-stock', missing: [] };
    const { body } = createMessage('inventory', first, data, newContext());
    await run(runner)(readMessage(shop, new Set<Contract>([stockRejected]), body));
    expect((await phaseOf(id))?.phase).toBe('cancelled');
  });

  test('handles two replies to one saga in the same group', async () => {
    const runner = createRunner(store);
    const id = await begin(runner);
    await run(runner)(reserved(id), dispatched(id));
    expect((await phaseOf(id))?.phase).toBe('completed');
  });

  test('changing one saga does not read the others', async () => {
    const id = await begin(createRunner(store));
    const read = await store.transaction(async ({ tx, now }) => {
      const loaded = await lockSagas<Order, NoTables>(tx, 'test', [id]);
      const states = [...loaded.values()].map(({ state }) => state);
      const fill = (from: number, to: number) =>
        sql`
          insert into saga select name, id || '/' || n, state, phase, parked, final, deadline, correlation_id, traceparent,
            started_at, changed_at
          from saga, generate_series(${from}::integer, ${to}::integer) as n where id = ${id}`.execute(tx);
      return rowsRead(tx, { tables: ['saga'], fill, run: () => updateSagas(tx, 'test', states, now) });
    });
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(10);
    await sql`delete from saga`.execute(store.db);
  });

  test('two instances that handle replies to the same sagas do not deadlock, and send each command once', async () => {
    const [one, two] = [createRunner(store), createRunner(second)];
    const ids = await Promise.all(Array.from({ length: 40 }, () => begin(one)));
    await Promise.all([
      run(one, store)(...ids.map(reserved)),
      run(two, second)(...ids.toReversed().map(reserved)),
    ]);
    for (const id of ids)
      expect(await commandsOf(id)).toEqual(['inventory.reserve-stock.v2', 'shipping.dispatch-order.v2']);
  });

  test('each change has the message as its cause, also among others of one group', async () => {
    const runner = createRunner(store);
    const id = await begin(runner);
    const messages = [reserved(id), dispatched(id)];
    await run(runner)(...messages);
    const causes = facts.filter((each) => each.id === id).map(({ fact, cause }) => [fact.fact, cause]);
    const [first, second] = messages.map(({ context: { correlationId }, id: causationId }) => ({
      actor: { kind: 'saga', name: 'test' },
      correlationId,
      causationId,
    }));
    expect(causes).toEqual([
      ['step-done', first],
      ['step-done', second],
      ['completed', second],
    ]);
  });

  test('a reply to a saga that does not exist is ignored', async () => {
    await expect(run(createRunner(store))(reserved(uuid()))).resolves.toBeDefined();
  });

  test('two instances handle a passed deadline once, in the trace of the request', async () => {
    const [one, two] = [createRunner(store, 50), createRunner(second, 50)];
    const ids = await Promise.all(Array.from({ length: 10 }, () => begin(one)));
    const loops = [one.startDeadlines(store), two.startDeadlines(second)];
    await expect
      .poll(
        async () => (await Promise.all(ids.map(phaseOf))).every((each) => each?.phase === 'compensating'),
        { timeout: 5_000 },
      )
      .toBe(true);
    await Promise.all(loops.map((loop) => loop.stop()));
    for (const id of ids) {
      const [first, ...compensations] = await commandsOf(id);
      expect(first).toBe('inventory.reserve-stock.v2');
      expect(new Set(compensations)).toEqual(new Set(['inventory.release-stock.v2']));
      const timedOut = facts.filter((each) => each.id === id && each.fact.fact === 'step-timed-out');
      expect(timedOut).toHaveLength(1);
      const { rows } = await sql<{ same: boolean; correlation_id: string; traceparent: string }>`
        select bool_and(convert_from(body, 'UTF8')::jsonb ->> 'correlationid' = saga.correlation_id) as same,
          min(saga.correlation_id) as correlation_id, min(saga.traceparent) as traceparent
        from outbox join saga on saga.id = outbox.key where saga.id = ${id}`.execute(store.db);
      expect(rows[0]?.same).toBe(true);
      expect(timedOut[0]?.cause).toEqual({
        actor: { kind: 'timer', name: 'test' },
        correlationId: rows[0]?.correlation_id,
        causationId: rows[0]?.traceparent.split('-')[2],
      });
    }
  });

  test('a scrape shows sagas while all connections of the service are in use', async () => {
    const busy = createStore<NoTables>({ service: 'order', registry, url, log: silent, connections: 1 });
    const loop = createRunner(busy).startDeadlines(busy);
    const { text } = await busy.transaction(() => scrape());
    await loop.stop();
    await busy.close();
    expect(text).toMatch(/^emporium_sagas\{.*emporium_saga_state="running".*\} \d+$/m);
    expect(text).toMatch(/^emporium_sagas_overdue\{.*\} \d+$/m);
  });

  test('sagas whose deadline fails do not block others', async () => {
    const poisoned = new Set(
      await Promise.all(Array.from({ length: 25 }, () => begin(createRunner(store, 10)))),
    );
    const id = await begin(createRunner(store, 50)); // after all of them
    const errors: string[] = [];
    const runner = createSagaRunner<Order, NoTables>(store, {
      definition: definition(60_000),
      log: { ...silent, error: (_: unknown, message?: string) => void errors.push(message ?? '') },
      follow: async (changes) => {
        if (changes.some(({ state }) => poisoned.has(state.id))) throw permanent('the order cannot follow');
        return changes.map(() => undefined);
      },
    });
    const loop = runner.startDeadlines(store);
    await expect.poll(async () => (await phaseOf(id))?.phase, { timeout: 5_000 }).toBe('compensating');
    await loop.stop();
    expect(errors).toHaveLength(25);
    expect(errors[0]).toContain('the order cannot follow');
    await sql`delete from saga where id = any(${[...poisoned]})`.execute(store.db);
  });

  test('logs once that it cannot look for deadlines, and once that it has recovered', async () => {
    const logged: string[] = [];
    const write = (_: object, text: string) => void logged.push(text);
    const runner = createSagaRunner<Order, NoTables>(store, {
      definition: definition(10),
      log: { info: write, warn: write, error: write },
      follow: async (changes) => changes.map(() => undefined),
    });
    await sql`alter table saga rename to saga_away`.execute(store.db);
    const loop = runner.startDeadlines(store);
    await new Promise((resolve) => setTimeout(resolve, 1_800)); // it looks twice a second
    await sql`alter table saga_away rename to saga`.execute(store.db);
    await expect.poll(() => logged, { timeout: 10_000 }).toContain('saga deadlines recovered');
    await loop.stop();
    const about = logged.filter((line) => line.includes('deadlines'));
    expect(about).toEqual([
      expect.stringContaining('saga deadlines failed, retrying: '),
      'saga deadlines recovered',
    ]);
  });

  describe('two sagas of one service', () => {
    const createRefunds = (over: Store<NoTables>, timeoutMs = 60_000, attempts = 6) =>
      createSagaRunner<Order, NoTables>(over, {
        definition: refunding(timeoutMs, attempts),
        log: silent,
        follow: async (changes) => changes.map(() => undefined),
      });
    const phases = async (id: string) => {
      const { rows } = await sql<{ name: string; phase: string }>`
        select name, phase from saga where id = ${id} order by name`.execute(store.db);
      return rows.map(({ name, phase }) => [name, phase]);
    };

    test('have rows and replies of their own, also under one id', async () => {
      const id = uuid();
      await begin(createRunner(store), id);
      const refunds = createRefunds(store);
      await begin(refunds, id);
      const replies = subscription('order.test-refunds', { to: refunding(1).replies, retry: quick });
      const { run: handle } = store.runner(replies, refunds.replies);
      const refunded = { orderId: id, refundId: id, amount };
      await handle(
        reply('payment', paymentRefunded, refunded, `${id}/refund/1`),
        new AbortController().signal,
      );
      expect(await phases(id)).toEqual([
        ['refunding', 'completed'],
        ['test', 'running'],
      ]);
    });

    test('cannot share a subscription: their rows would not be locked in one order', async () => {
      const to = [...definition(1).replies, ...refunding(1).replies];
      const shared = subscription('order.test', { to, retry: quick });
      const handlers = [...createRunner(store).replies, ...createRefunds(store).replies];
      expect(() => store.runner(shared, handlers)).toThrow('two units of work lock rows of saga');
    });

    test('have deadlines of their own', async () => {
      const id = uuid();
      await begin(createRunner(store, 10), id);
      const refunds = createRefunds(store, 10, 1);
      await begin(refunds, id);
      const loop = refunds.startDeadlines(store);
      const parked = async () => (await refunds.listParked({ limit: 10 })).map((state) => state.id);
      await expect.poll(parked, { timeout: 5_000 }).toContain(id);
      await loop.stop();
      expect(await phases(id)).toContainEqual(['test', 'running']);
      expect(await createRunner(store).listParked({ limit: 10 })).toEqual([]);
    });

    test('find their passed deadlines without reading those of the other', async () => {
      const id = await begin(createRefunds(store, 10));
      const read = await store.transaction(({ tx }) => {
        const fill = (from: number, to: number) =>
          sql`
            insert into saga select 'test', id || '/' || n, state, phase, parked, final, deadline, correlation_id, traceparent,
              started_at, changed_at
            from saga, generate_series(${from}::integer, ${to}::integer) as n where id = ${id}`.execute(tx);
        const run = () => findOverdue(tx, 'refunding', new Date(Date.now() + 60_000), [], 20);
        return rowsRead(tx, { tables: ['saga'], fill, run });
      });
      expect(read).toBeGreaterThan(0);
      expect(read).toBeLessThan(20);
      await sql`delete from saga`.execute(store.db);
    });
  });

  test('lists open sagas without reading final ones', async () => {
    await sql`delete from saga`.execute(store.db);
    const runner = createRunner(store);
    for (const _ of [1, 2]) await begin(runner);
    const id = await begin(runner);
    const query = { asOf: new Date(), limit: 50 };
    const read = await store.transaction(({ tx }) => {
      const fill = (from: number, to: number) =>
        sql`
          insert into saga select name, id || '/' || n, state, 'completed', false, true, null, correlation_id, traceparent,
            started_at, changed_at
          from saga, generate_series(${from}::integer, ${to}::integer) as n where id = ${id}`.execute(tx);
      const run = async () => expect(await findSagas(tx, 'test', query)).toHaveLength(3);
      return rowsRead(tx, { tables: ['saga'], fill, run });
    });
    expect(read).toBeLessThan(10);
    expect((await runner.list(query)).map(({ explanation: { status } }) => status)).toEqual(
      Array(3).fill('running'),
    );
    const found = await runner.list({ ...query, status: 'completed', limit: 5 });
    expect(found).toHaveLength(5);
    await sql`delete from saga`.execute(store.db);
  });

  test('counts open sagas up to a maximum', async () => {
    const runner = createRunner(store);
    for (const _ of [1, 2]) await begin(runner);
    expect(await runner.countOpen(1)).toBe(1);
    expect(await runner.countOpen(1_000)).toBeGreaterThan(1);
  });
});
