import { fork } from 'node:child_process';
import { once } from 'node:events';
import pg from 'pg';
import { describe, expect, test, vi } from 'vitest';
import { canStart, serverFor } from '../src/index.ts';
import { setup } from '../src/vitest-setup.ts';

const postgres = await canStart('postgres');

describe.skipIf(!postgres.available)(postgres.title('the shared servers of a run'), () => {
  test('every process gets the same server, which ends with the run', async () => {
    vi.stubEnv('POSTGRES_URL', '');
    vi.stubEnv('EMPORIUM_SERVERS', '');
    const teardown = await setup();
    const child = fork(new URL('./print-server-url.ts', import.meta.url));
    const [[url]] = await Promise.all([once(child, 'message'), once(child, 'exit')]);
    expect((await serverFor('postgres')).url).toBe(url);
    await teardown();
    const client = new pg.Client({ connectionString: url });
    await expect(client.connect()).rejects.toThrow('ECONNREFUSED');
    vi.unstubAllEnvs();
  });
});
