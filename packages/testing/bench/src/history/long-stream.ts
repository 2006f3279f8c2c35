import { createRegistry } from '@emporium/contracts';
import { eventStoreMigrations, fold, loadState, readStream } from '@emporium/event-store';
import type { PostgresServer } from '@emporium/servers';
import { createStore } from '@emporium/store';
import { sql } from 'kysely';
import { figureOf, interleave } from '../report/interleave.ts';
import type { Figure } from '../report/report.ts';
import { quiet } from './log.ts';

const events = 10_000;
const rounds = 10;
const stream = 'long';

interface Counted {
  readonly type: 'counted';
  readonly amount: number;
}

const counter = {
  initial: { total: 0, count: 0 },
  evolve: ({ total, count }: { total: number; count: number }, { amount }: Counted) => ({
    total: total + amount,
    count: count + 1,
  }),
};

/** The state of one stream of 10,000 events, from its snapshot and from all of its events. */
export const benchLongStream = async (server: PostgresServer): Promise<readonly Figure[]> => {
  const store = createStore({
    service: 'order',
    registry: createRegistry({ contracts: [], subscriptions: [] }),
    url: await server.createDatabase('long'),
    log: quiet,
  });
  try {
    await store.migrate(eventStoreMigrations);
    await sql`insert into event_stream (stream, version) values (${stream}, ${events})`.execute(store.db);
    await sql`
      insert into event (stream, version, id, type, data, at)
      select ${stream}, n, n::text, 'counted', jsonb_build_object('type', 'counted', 'amount', n), now()
      from generate_series(1, ${events}::int) as n`.execute(store.db);
    const fromSnapshot = () => store.transaction(({ tx }) => loadState(tx, stream, counter, { shape: 1 }));
    const fromEvents = async () => {
      const read = await readStream<Counted, unknown>(store.db, stream);
      const state = fold(
        counter,
        read.events.map(({ event }) => event),
      );
      return { state, version: read.version };
    };
    const measured = await interleave({ raw: fromEvents, ours: fromSnapshot }, rounds, (inTurn) =>
      inTurn(async (load) => {
        const start = performance.now();
        const { state, version } = await load();
        if (version !== events || state.count !== events)
          throw new Error('the stream was not read as a whole');
        return performance.now() - start;
      }),
    );
    return [
      figureOf({ what: 'a stream of 10,000 events, from its snapshot', unit: 'ms', atMost: 0.2 }, measured),
    ];
  } finally {
    await store.close();
  }
};
