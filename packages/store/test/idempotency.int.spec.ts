import { emit } from '@emporium/bus';
import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type Answer,
  type IdempotentOutcome,
  type IdempotentRequest,
  idempotent,
  recall,
  remember,
} from '../src/index.ts';
import { rowsRead } from '../src/testing.ts';
import { counted } from './support/counting.ts';
import { openTestStore, type TestStore } from './support/inventory.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('an idempotent request'), () => {
  let opened: TestStore;
  let worked: number;

  beforeAll(async () => {
    opened = await openTestStore(postgres.url);
  });

  afterAll(() => opened?.close());

  beforeEach(async () => {
    worked = 0;
    await opened.empty();
  });

  const request: IdempotentRequest = {
    scope: 'customer-1 POST /orders',
    key: 'k1',
    body: { sku: 'a', quantity: 1 },
  };

  const accept = async (): Promise<Answer> => {
    worked += 1;
    return { status: 202, headers: { location: `/orders/${worked}` }, body: { id: worked } };
  };

  const ask = (
    more: Partial<IdempotentRequest> = {},
    work: () => Promise<Answer> = accept,
  ): Promise<IdempotentOutcome> =>
    opened.store.transaction(async ({ tx, effects }) =>
      idempotent(tx, { ...request, ...more }, async () => {
        effects.push(emit(counted, { counter: 'a', n: 1 }));
        return work();
      }),
    );

  test('is looked up without a look at the others', async () => {
    const read = await opened.store.transaction(async ({ tx }) => {
      const fill = (from: number, to: number) =>
        sql`
        insert into idempotency_key (scope, key, body_hash, status, response)
        select ${request.scope}, 'k' || n, '', 202, '{}'
        from generate_series(${from}::integer, ${to}::integer) as n`.execute(tx);
      const run = () => recall(tx, [request]);
      return rowsRead(tx, { tables: ['idempotency_key'], fill, run });
    });
    expect(read).toBe(1);
  });

  test('is worked on once, and answered again as it was', async () => {
    const answer = { status: 202, headers: { location: '/orders/1' }, body: { id: 1 } };
    expect(await ask()).toEqual({ kind: 'answered', replayed: false, answer });
    expect(await ask()).toEqual({ kind: 'answered', replayed: true, answer });
    expect(worked).toBe(1);
    expect(await opened.store.backlog(10)).toBe(1);
  });

  test('is answered again to the byte', async () => {
    const body = { z: 1, a: { y: '€', b: [] } };
    const answer: Answer = { status: 200, headers: {}, body };
    await ask({}, async () => answer);
    const again = await ask();
    expect(again.kind === 'answered' && JSON.stringify(again.answer.body)).toBe(JSON.stringify(body));
  });

  test('is the same whatever the order of its fields, at every depth', async () => {
    await ask({ body: { a: 1, b: [{ c: 1, d: 2 }] } });
    expect(await ask({ body: { b: [{ d: 2, c: 1 }], a: 1 } })).toMatchObject({ replayed: true });
    expect(await ask({ body: { a: 1, b: [{ c: 1, d: 3 }] } })).toEqual({ kind: 'mismatch' });
  });

  test('with another body under the same key is a mismatch, and not worked on', async () => {
    await ask();
    expect(await ask({ body: { sku: 'b', quantity: 1 } })).toEqual({ kind: 'mismatch' });
    expect(worked).toBe(1);
  });

  test('of another customer, of another route or with another key is another request', async () => {
    await ask();
    expect(await ask({ scope: 'customer-2 POST /orders' })).toMatchObject({ replayed: false });
    expect(await ask({ scope: 'customer-1 POST /returns' })).toMatchObject({ replayed: false });
    expect(await ask({ key: 'k2' })).toMatchObject({ replayed: false });
    expect(worked).toBe(4);
  });

  test('while it is worked on the second is in use, and is answered from the first afterwards', async () => {
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let entered: () => void = () => undefined;
    const inside = new Promise<void>((resolve) => {
      entered = resolve;
    });
    const first = ask({}, async () => {
      entered();
      await finished;
      return accept();
    });
    await inside;
    expect(await ask()).toEqual({ kind: 'in-use' });
    expect(await ask({ body: 'another' })).toEqual({ kind: 'in-use' });
    finish();
    expect(await first).toMatchObject({ replayed: false });
    expect(await ask()).toMatchObject({ replayed: true });
    expect(worked).toBe(1);
  });

  test('many at one time are worked on once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => ask()));
    expect(outcomes.filter((outcome) => outcome.kind === 'answered' && !outcome.replayed)).toHaveLength(1);
    expect(worked).toBe(1);
  });

  test('several are recalled together, each for itself, and one that is among them twice is worked on once', async () => {
    await ask();
    const asked: IdempotentRequest[] = [
      { ...request, key: 'k2' },
      request,
      { ...request, key: 'k2' },
      { ...request, body: 'another' },
      { ...request, scope: 'customer-2 POST /orders' },
    ];
    const recallAll = () =>
      opened.store.transaction(async ({ tx }) => {
        const recalled = await recall(tx, asked);
        await remember(
          tx,
          asked.flatMap((each, index) =>
            recalled[index]?.kind === 'new'
              ? [{ request: each, answer: { status: 202, headers: {}, body: index } }]
              : [],
          ),
        );
        return recalled;
      });
    expect(await recallAll()).toMatchObject([
      { kind: 'new' },
      { kind: 'answered', answer: { body: { id: 1 } } },
      { kind: 'in-use' },
      { kind: 'mismatch' }, // of the same key as the second
      { kind: 'new' },
    ]);
    expect(await recallAll()).toMatchObject([
      { kind: 'answered', answer: { body: 0 } },
      { kind: 'answered', answer: { body: { id: 1 } } },
      { kind: 'answered', answer: { body: 0 } },
      { kind: 'mismatch' },
      { kind: 'answered', answer: { body: 4 } },
    ]);
  });

  test('that was answered before is answered again, also while another asks for it', async () => {
    await ask();
    await opened.store.transaction(async ({ tx }) => {
      expect(await recall(tx, [request])).toMatchObject([{ kind: 'answered' }]);
      expect(await ask()).toMatchObject({ replayed: true });
      expect(await ask({ body: 'another' })).toEqual({ kind: 'mismatch' });
    });
  });

  test('whose work throws stores nothing and can be made again', async () => {
    const failing = ask({}, async () => {
      throw new Error('the stock is unknown');
    });
    await expect(failing).rejects.toThrow('the stock is unknown');
    expect(await opened.store.backlog(10)).toBe(0);
    expect(await ask()).toMatchObject({ kind: 'answered', replayed: false });
  });

  test('an answer without a body comes back as it was', async () => {
    const empty: Answer = { status: 204, headers: {}, body: null };
    await ask({ body: undefined }, async () => empty);
    expect(await ask({ body: undefined })).toEqual({ kind: 'answered', replayed: true, answer: empty });
  });
});
