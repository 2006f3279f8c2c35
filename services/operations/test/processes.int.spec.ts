import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LauncherAnswer } from '../src/launcher/launcher.ts';
import { administratorId, type Operations, openOperations } from './support/operations.ts';

const postgres = await serverFor('postgres');
const path = '/api/admin/processes';
const payment = { name: 'payment', service: 'payment', state: 'running' as const, pid: 7, added: false };

describe.skipIf(!postgres.available)(postgres.title('the processes of the launcher'), () => {
  let answer: LauncherAnswer;
  const asked: string[] = [];
  let operations: Operations;
  const launcher = {
    list: async () => answer,
    act: async (name: string, action: string) => {
      asked.push(`${action} ${name}`);
      return answer;
    },
  };

  beforeAll(async () => {
    operations = await openOperations(postgres.url, undefined, launcher);
  });
  afterAll(() => operations?.close());
  beforeEach(async () => {
    answer = { kind: 'done', processes: [payment] };
    asked.length = 0;
    await sql`truncate audit`.execute(operations.store.db);
  });

  const act = (action: string, name = 'payment') => operations.request('POST', `${path}/${name}/${action}`);
  const audit = async () => (await operations.request('GET', '/api/admin/audit')).body.entries;

  test('are listed for administrators', async () => {
    expect(await operations.request('GET', path)).toMatchObject({
      status: 200,
      body: { processes: [payment] },
    });
    expect((await operations.request('GET', path, undefined, 'customer')).status).toBe(403);
    expect((await operations.request('GET', path, undefined, 'nobody')).status).toBe(401);
  });

  test.each(['kill', 'crash', 'freeze', 'continue', 'start', 'scale', 'stop'])(
    '%s is sent to the launcher, and recorded with its outcome',
    async (action) => {
      expect((await act(action)).status).toBe(200);
      expect(asked).toEqual([`${action} payment`]);
      expect(await audit()).toMatchObject([
        { action: `process.${action}`, target: 'payment', userId: administratorId, outcome: 'done' },
      ]);
    },
  );

  test.each([
    ['refused', 409],
    ['unknown', 404],
    ['away', 503],
  ] as const)('what is %s is answered with %i, and recorded as refused', async (kind, status) => {
    answer = { kind, reason: 'payment is frozen.' };
    expect((await act('freeze')).status).toBe(status);
    expect(await audit()).toMatchObject([{ outcome: 'refused', details: { reason: 'payment is frozen.' } }]);
  });

  test('a name that is none is refused, and nothing is recorded', async () => {
    expect((await act('kill', '..%2Fsecrets')).status).toBe(400);
    expect(asked).toEqual([]);
    expect(await audit()).toEqual([]);
  });
});
