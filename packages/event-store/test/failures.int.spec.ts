import { serverFor } from '@emporium/servers';
import type { Store } from '@emporium/store';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  appendEvents,
  createBuild,
  createProjections,
  type RunningProjection,
  runProjectionsCommand,
  startProjection,
  statusOf,
} from '../src/index.ts';
import { type Counted, eventStore, silent, someCause } from './support.ts';
import { createTables, seen, type Tables, totals } from './totals.ts';

const postgres = await serverFor('postgres');
const at = new Date();
const patience = { timeout: 20_000, interval: 20 };
const bad = 666;

describe.skipIf(!postgres.available)(postgres.title('a projection that cannot apply an event'), () => {
  let store: Store<Tables>;
  let close: () => Promise<void>;
  let running: RunningProjection[] = [];
  let isBroken = true;
  const broken = totals(1, 1, (by) => isBroken && by === bad);

  beforeAll(async () => {
    ({ store, close } = await eventStore<Tables>(postgres.url));
    await createTables(store.db);
    const events = (by: number): Counted[] => Array.from({ length: by }, () => ({ type: 'counted', by: 1 }));
    const append = (stream: string, expectedVersion: number, some: Counted[]) =>
      store.transaction(({ tx }) =>
        appendEvents<Counted, Tables>(
          tx,
          [{ stream, expectedVersion, changes: [{ events: some, cause: someCause }] }],
          at,
        ),
      );
    await append('before', 0, events(30));
    await append('stuck', 0, [...events(20), { type: 'counted', by: bad }, ...events(30)]);
    await append('after', 0, events(500));
  });
  afterEach(async () => {
    await Promise.all(running.map((each) => each.stop()));
    running = [];
  });
  afterAll(() => close());

  const rows = async () => {
    const found = await store.db.selectFrom('total').select(['stream', 'events']).orderBy('stream').execute();
    return Object.fromEntries(found.map(({ stream, events }) => [stream, events]));
  };
  const command = async (...args: string[]) => {
    const lines: string[] = [];
    const say = (line: string) => void lines.push(line);
    const code = await runProjectionsCommand({
      args,
      projections: [broken, seen([])],
      store,
      print: say,
      printError: say,
    });
    return { code, text: lines.join('\n') };
  };
  const where = { stream: 'stuck', version: 21, type: 'counted', reason: `cannot count ${bad}` };

  test('stops right before it, says so once and everywhere, and the others go on', async () => {
    const said: [object, string][] = [];
    const say = (facts: object, text: string) => void said.push([facts, text]);
    const order: string[] = [];
    const views = createProjections(store, [broken, seen(order)], { info: say, warn: say, error: say });
    const stops = views.stages.map(({ start }) => start());
    await expect.poll(() => order.length, patience).toBe(581);
    await expect
      .poll(async () => (await statusOf(store.db, broken, 1_000)).failure, patience)
      .toMatchObject(where);
    await new Promise((resolve) => setTimeout(resolve, 1_500)); // it is tried again meanwhile
    expect(await rows()).toEqual({ before: 30, stuck: 20 });
    expect(said).toEqual([
      [
        expect.objectContaining({ projection: 'totals', stream: 'stuck', version: 21, type: 'counted' }),
        `the projection stops at an event that it cannot apply: cannot count ${bad}`,
      ],
    ]);
    const [first, second] = views.checks;
    await expect(first?.check()).rejects.toThrow(
      /^stopped since .* at event 21 of stuck \(counted, .*\): cannot count 666$/,
    );
    await second?.check();
    await Promise.all(stops.map((stop) => stop()));
    const { code, text } = await command('status');
    expect(code).toBe(1);
    expect(text).toMatch(
      /^totals {2}version 1, 531 events and [\d.]+ s behind, stopped since .*event 21 of stuck/,
    );
    expect(text).toMatch(/\nseen {2}version 1, up to date$/);
  });

  test('cannot be rebuilt by the same code, which leaves the live tables as they were', async () => {
    const { code, text } = await command('rebuild', 'totals');
    expect([code, text]).toEqual([1, expect.stringContaining('The live tables are as they were.')]);
    expect(text).toContain('event 21 of stuck');
    expect(await rows()).toEqual({ before: 30, stuck: 20 });
    expect((await command('status')).text).toContain('version 1 is built beside it: 50 of 581 events');
    const started = startProjection(store, broken, { log: silent });
    running.push(started);
    await expect(started.catchUp()).rejects.toMatchObject({ code: 'event-store.event_not_applied' });
  });

  test('goes on when it can: the live one and the build, each where it was', async () => {
    const before = await statusOf(store.db, broken, 1_000);
    isBroken = false;
    const started = startProjection(store, broken, { log: silent });
    running.push(started);
    await expect.poll(rows, patience).toEqual({ before: 30, stuck: 51, after: 500 });
    expect(await statusOf(store.db, broken, 1_000)).toMatchObject({ failure: undefined, lag: { events: 0 } });
    expect(before.build?.events).toBe(50);
    expect(await command('rebuild', 'totals')).toMatchObject({
      code: 0,
      text: expect.stringContaining('goes on'),
    });
    expect(await rows()).toEqual({ before: 30, stuck: 51, after: 500 });
  });

  test('because its tables were damaged goes on after a rebuild', async () => {
    await sql`delete from total where stream = 'stuck'`.execute(store.db);
    await store.transaction(({ tx }) =>
      appendEvents<Counted, Tables>(
        tx,
        [
          {
            stream: 'stuck',
            expectedVersion: 51,
            changes: [{ events: [{ type: 'reset' }], cause: someCause }],
          },
        ],
        at,
      ),
    );
    const started = startProjection(store, broken, { log: silent });
    running.push(started);
    await expect
      .poll(async () => (await statusOf(store.db, broken, 10)).failure?.reason, patience)
      .toBe('total has no row for this stream: reset came before counted');
    const build = createBuild(store, broken, silent);
    await build.begin();
    await expect.poll(async () => (await build.step()).kind, patience).toBe('live');
    expect(await statusOf(store.db, broken, 10)).toMatchObject({ failure: undefined, lag: { events: 0 } });
    expect(await rows()).toEqual({ before: 30, stuck: 52, after: 500 });
  });

  test.each([
    [[], 64, /^usage: /],
    [['rebuild'], 64, /^usage: /],
    [['rebuild', 'totals', '--now'], 64, /^usage: /],
    [['status', 'totals'], 64, /^usage: /],
    [['rebuild', 'nothing'], 64, /^there is no projection named nothing; there are: totals, seen$/],
    [['list'], 0, /^totals {2}version 1 {2}tables: total, letter\nseen {2}version 1 {2}tables: seen$/],
  ] as const)('projections %j answers %i', async (args, code, text) => {
    expect(await command(...args)).toEqual({ code, text: expect.stringMatching(text) });
  });
});
