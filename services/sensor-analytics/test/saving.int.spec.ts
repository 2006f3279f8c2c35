import { serverFor } from '@emporium/servers';
import { rowsRead } from '@emporium/store/testing';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { newSensor } from '../src/domain/excursion.ts';
import { saveSensors } from '../src/store/sensors.ts';
import { openAnalytics } from './support/analytics.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('saving sensors'), () => {
  test('reads only the sensors that changed', async () => {
    const service = await openAnalytics(postgres.url);
    const read = await service.store.transaction(async ({ tx, now }) => {
      const fill = (from: number, to: number) =>
        sql`
        insert into sensor select n, 0, 20, 1, ${now}::timestamptz
        from generate_series(${from}::integer, ${to}::integer) as n`.execute(tx);
      const change = () =>
        saveSensors(tx, [{ id: 1, before: newSensor, after: { ...newSensor, samples: 2, latest: 1 } }], now);
      return rowsRead(tx, { tables: ['sensor'], fill, run: change });
    });
    await service.close();
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(10);
  });
});
