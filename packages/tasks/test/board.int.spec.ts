import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { permanent } from '@emporium/bus';
import type { OwnServer } from '@emporium/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Board, createBoard, createTasks, type Tasks } from '../src/index.ts';
import { nap } from './support/kinds.ts';
import { collectingLog } from './support/log.ts';
import { datastores } from './support/stores.ts';

describe.each(datastores)('$name', ({ available, title, start }) => {
  describe.skipIf(!available)(title('the board'), () => {
    let server: OwnServer;
    let tasks: Tasks;
    let board: Board;
    let http: Server;
    let failed: string;

    beforeAll(async () => {
      const started = await start();
      server = started.server;
      tasks = await createTasks({ url: started.url, name: 'test', log: collectingLog() });
      const queue = tasks.queue(nap);
      const worker = tasks.work(nap, () => {
        throw permanent('no bed');
      });
      failed = await queue.enqueue({ ms: 1 });
      await expect(queue.result(failed)).rejects.toThrow('no bed');
      await worker.stop();
      await queue.enqueue({ ms: 2 }, { delayMs: 60_000 });
      await queue.schedule('nightly', { cron: '0 23 * * *', timeZone: 'UTC' }, { ms: 3 });

      board = await createBoard({ path: '/admin/tasks', title: 'Shop', queues: [queue] });
      http = createServer((request, response) => board.answer(request, response));
      await once(http.listen(0, '127.0.0.1'), 'listening');
    });
    afterAll(async () => {
      http?.close();
      await board?.close();
      await tasks?.close();
      await server?.stop();
    });

    const ask = async (path: string, init: RequestInit = {}) => {
      const { port } = http.address() as AddressInfo; // it listens on a port, not on a pipe
      const response = await fetch(`http://127.0.0.1:${port}/admin/tasks${path}`, init);
      return { status: response.status, headers: response.headers, text: await response.text() };
    };

    test('is a page, whose scripts and styles come from below its path', async () => {
      for (const path of ['', '/', '/queue/calc.nap', `/queue/calc.nap/${failed}`]) {
        const { status, headers, text } = await ask(path);
        expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
        expect(headers.get('content-security-policy')).toContain("script-src 'self'");
        expect(text).toContain('<base href="/admin/tasks/" />');
        for (const [, script] of text.matchAll(/<script[^>]* src="([^"]+)"/g)) {
          const { status: found, headers: types } = await ask(`/${script}`);
          expect([found, types.get('content-type')]).toEqual([200, expect.stringContaining('/javascript')]);
        }
        // A script within the page would not be run.
        expect(text).not.toMatch(/<script(?![^>]*(?: src=| type="application\/json"))/);
      }
    });

    test('counts and shows what is in the queues, and what is scheduled', async () => {
      const { text } = await ask('/api/queues?activeQueue=calc.nap&status=failed');
      expect(JSON.parse(text).queues).toMatchObject([
        {
          name: 'calc.nap',
          counts: { failed: 1, delayed: 2, active: 0, waiting: 0 },
          jobs: [{ id: failed, failedReason: expect.stringContaining('no bed') }],
        },
      ]);
      expect(JSON.parse((await ask('/api/job-schedulers')).text).schedulers).toMatchObject([
        { id: 'nightly', pattern: '0 23 * * *', tz: 'UTC' },
      ]);
      expect(JSON.parse((await ask('/api/redis/stats')).text)).toMatchObject({ port: expect.any(Number) });
    });

    test('takes orders, with a body and without', async () => {
      const set = { concurrency: 3 };
      const headers = { 'content-type': 'application/json' };
      const limit = { method: 'PUT', headers, body: JSON.stringify(set) };
      expect((await ask('/api/queues/calc.nap/concurrency', limit)).status).toBe(200);
      expect(JSON.parse((await ask('/api/queues')).text).queues).toMatchObject([{ globalConcurrency: 3 }]);

      expect((await ask(`/api/queues/calc.nap/${failed}/retry`, { method: 'PUT' })).status).toBe(204);
      expect(await tasks.queue(nap).state(failed)).toMatchObject({ state: 'waiting' });
      expect((await ask(`/api/queues/calc.nap/${failed}/clean`, { method: 'PUT' })).status).toBe(204);
      expect(await tasks.queue(nap).state(failed)).toBeUndefined();
    });

    test('says that there is nothing at an address, as a problem document', async () => {
      const { status, headers, text } = await ask('/static/none.js');
      expect([status, headers.get('content-type')]).toEqual([404, 'application/problem+json']);
      expect(JSON.parse(text)).toEqual({ type: 'about:blank', title: 'Not Found', status: 404 });
    });
  });
});
