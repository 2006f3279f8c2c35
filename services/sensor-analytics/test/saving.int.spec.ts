import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { unheard } from '../src/domain/excursion.ts';
import { saveSensors } from '../src/store/sensors.ts';
import { openAnalytics } from './support/analytics.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('sensors that are saved together'), () => {
  test('a change of one reads that one, not all that there are', async () => {
    const service = await openAnalytics(postgres.url);
    const read = await service.store.transaction(async ({ tx, now }) => {
      const insert = (from: number, to: number) =>
        sql`
        insert into sensor select n, 0, 20, 1, ${now}::timestamptz
        from generate_series(${from}::integer, ${to}::integer) as n`.execute(tx);
      const rowsRead = async () => {
        const { rows } = await sql<{ rows: number }>`
          select sum(coalesce(idx_tup_fetch, 0) + coalesce(seq_tup_read, 0)) as rows
          from pg_stat_xact_user_tables where relname in ('sensor')`.execute(tx);
        return rows[0]?.rows ?? Number.NaN;
      };
      const change = () =>
        saveSensors(tx, [{ id: 1, before: unheard, after: { ...unheard, heard: 2, latest: 1 } }], now);
      await insert(1, 1);
      await sql`analyze sensor`.execute(tx);
      for (let n = 0; n < 10; n += 1) await change(); // from then on by one plan
      await insert(2, 2_000);
      const before = await rowsRead();
      await change();
      return (await rowsRead()) - before;
    });
    await service.close();
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(10);
  });
});
