import { busErrors } from '@emporium/bus';
import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createAdmin } from './support/admin.ts';
import { flood } from './support/flood.ts';
import { administratorId, createDeadLetter, type Operations, openOperations } from './support/operations.ts';

const postgres = await serverFor('postgres');
const accepted = { status: 'accepted' } as const;

describe.skipIf(!postgres.available)(postgres.title('a job for dead letters'), () => {
  let operations: Operations;
  let admin: ReturnType<typeof createAdmin>;
  beforeAll(async () => {
    operations = await openOperations(postgres.url);
    admin = createAdmin(operations);
  });
  afterAll(() => operations?.close());
  beforeEach(() => {
    operations.broker.accept();
    operations.broker.sent.length = 0;
  });

  /** Dead letters of one code, which the tests do not share. */
  const some = async (count: number, subscription = 'email.customers') => {
    const code = `job.${uuid()}`;
    await flood(operations.store, count, { subscription, code });
    return code;
  };
  const counts = async (code: string) => (await admin.list(`code=${code}&limit=1`)).counts;
  const sentTwice = () => {
    const ids = operations.broker.sent.map(({ message }) => message.id);
    return ids.length - new Set(ids).size;
  };

  test('replays 5,000, each once, with progress, audit entries and history', async () => {
    const code = await some(5_000);
    const { status, body } = await admin.startJob({ action: 'replay', code, ratePerSecond: 10_000 });
    expect([status, body]).toEqual([
      202,
      {
        ...{ id: expect.any(String), action: 'replay', filter: { code }, state: 'running' },
        ...{ total: 5_000, done: 0, failed: 0, failures: [], ratePerSecond: 10_000 },
        ...{ requestedBy: administratorId, requestedAt: expect.any(String) },
      },
    ]);
    expect(await admin.endedJob(body.id)).toMatchObject({
      ...{ state: 'finished', done: 5_000, failed: 0, skipped: 0 },
    });
    expect(operations.broker.sent).toHaveLength(5_000);
    expect(sentTwice()).toBe(0);
    expect(await counts(code)).toEqual({ open: 0, replayed: 5_000, discarded: 0 });
    const { deadLetters } = await admin.list(`code=${code}&limit=1`);
    expect(await admin.details(deadLetters[0].id)).toMatchObject({
      ...{ replays: 1, lastReplay: { userId: administratorId } },
      history: [{ kind: 'replayed', userId: administratorId }],
    });
    expect(await admin.auditOf(body.id)).toMatchObject([
      { action: 'dead-letter.replay-job', details: { code, total: 5_000 }, outcome: 'done' },
    ]);
    const { body: batches } = await operations.request(
      'GET',
      '/api/admin/audit?action=dead-letter.replay-many&limit=500',
    );
    const listed = batches.entries
      .filter(({ details }: { details: { job: string } }) => details.job === body.id)
      .flatMap(({ outcome, details }: { outcome: string; details: { ids: string[] } }) => {
        expect(outcome).toBe('done');
        return details.ids;
      });
    expect(new Set(listed).size).toBe(5_000);
  });

  test('discards with a reason, a limit and audit entries', async () => {
    const code = await some(700);
    const answer = await admin.startJob({
      ...{ action: 'discard', code, reason: 'a test of a partner', limit: 650, ratePerSecond: 10_000 },
    });
    expect(await admin.endedJob(answer.body.id)).toMatchObject({
      ...{ state: 'finished', total: 650, done: 650, reason: 'a test of a partner' },
    });
    expect(await counts(code)).toEqual({ open: 50, replayed: 0, discarded: 650 });
  });

  test('keeps its rate, which can be changed while it runs', async () => {
    const code = await some(400);
    const start = performance.now();
    const { body } = await admin.startJob({ action: 'replay', code, ratePerSecond: 10 });
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const { done } = await admin.job(body.id);
    const seconds = (performance.now() - start) / 1_000;
    expect(done).toBeGreaterThanOrEqual(5);
    expect(done).toBeLessThanOrEqual(seconds * 10 + 5); // a batch of five is ahead
    const changed = await admin.setRate(body.id, 1_000);
    expect([changed.status, changed.body.ratePerSecond]).toEqual([200, 1_000]);
    expect(await admin.endedJob(body.id)).toMatchObject({ state: 'finished', done: 400 });
    expect(performance.now() - start).toBeLessThan(10_000);
    expect(await admin.auditOf(body.id)).toContainEqual(
      expect.objectContaining({ action: 'dead-letter.job-rate', details: { rate: 1_000 } }),
    );
  });

  test('stops when it is told to, and says how far it was; the rest stays open', async () => {
    const code = await some(500);
    const { body } = await admin.startJob({ action: 'replay', code, ratePerSecond: 20 });
    await expect.poll(async () => (await admin.job(body.id)).done).toBeGreaterThan(0);
    const stopped = await admin.stopJob(body.id);
    expect([stopped.status, stopped.body.stoppedBy]).toEqual([200, administratorId]);
    const job = await admin.endedJob(body.id);
    expect(job).toMatchObject({ state: 'stopped', total: 500, failed: 0 });
    expect(await counts(code)).toMatchObject({ open: 500 - job.done, replayed: job.done });
    const again = await admin.stopJob(body.id);
    expect([again.status, again.body.type]).toEqual([409, 'urn:emporium:problem:job-ended']);
    expect((await admin.setRate(body.id, 5)).status).toBe(409);
  });

  test('is paused, and goes on where it was', async () => {
    const code = await some(200);
    const path = (id: string) => `/api/admin/dead-letters/jobs/${id}`;
    const { body } = await admin.startJob({ action: 'replay', code, ratePerSecond: 20 });
    await expect.poll(async () => (await admin.job(body.id)).done).toBeGreaterThan(0);
    const paused = await operations.request('PUT', path(body.id), { paused: true });
    expect([paused.status, paused.body]).toMatchObject([200, { state: 'running', paused: true }]);
    await new Promise((resolve) => setTimeout(resolve, 500)); // the batch in progress
    const { done } = await admin.job(body.id);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await admin.job(body.id)).toMatchObject({ done, paused: true });
    await operations.request('PUT', path(body.id), { paused: false, ratePerSecond: 10_000 });
    const ended = await admin.endedJob(body.id);
    expect(ended).toMatchObject({ state: 'finished', done: 200 });
    expect(ended.paused).toBeUndefined();
    expect(sentTwice()).toBe(0);
    expect((await admin.auditOf(body.id)).map(({ action }: { action: string }) => action)).toEqual([
      ...['dead-letter.job-resume', 'dead-letter.job-pause', 'dead-letter.replay-job'],
    ]);
    expect((await operations.request('PUT', path(body.id), {})).status).toBe(400);
  });

  test('grows from one a second, until a person sets its rate', async () => {
    const code = await some(200);
    const { body } = await admin.startJob({ action: 'replay', code, ratePerSecond: 50, growing: true });
    expect(body.growing).toEqual({ ratePerSecond: 1 });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect((await admin.job(body.id)).done).toBeLessThanOrEqual(3);
    const changed = await admin.setRate(body.id, 10_000);
    expect(changed.body.growing).toBeUndefined();
    expect(await admin.endedJob(body.id)).toMatchObject({ state: 'finished', done: 200 });
  });

  test('that is paused can be stopped', async () => {
    const { body } = await admin.startJob({ action: 'replay', code: await some(100), ratePerSecond: 1 });
    await operations.request('PUT', `/api/admin/dead-letters/jobs/${body.id}`, { paused: true });
    await admin.stopJob(body.id);
    expect((await admin.endedJob(body.id)).state).toBe('stopped');
  });

  test('does not replay again what fails again in the meantime, and leaves what is new', async () => {
    const code = `job.${uuid()}`;
    const originals = Array.from({ length: 20 }, () => createDeadLetter({ reason: { code, message: 'x' } }));
    for (const each of originals) await operations.receive(each);
    operations.broker.answerWith(async ({ message: { id } }) => {
      await operations.receive(createDeadLetter({ id, reason: { code, message: 'x' } })); // before the broker has answered
      await operations.receive(createDeadLetter({ reason: { code, message: 'x' } }));
      return accepted;
    });
    const { body } = await admin.startJob({ action: 'replay', code, ratePerSecond: 10_000 });
    expect(await admin.endedJob(body.id)).toMatchObject({ state: 'finished', total: 20, done: 20 });
    expect(operations.broker.sent).toHaveLength(20);
    expect(await counts(code)).toEqual({ open: 40, replayed: 0, discarded: 0 });
    const [group] = (await admin.groups(`code=${code}`)).groups;
    expect(group).toMatchObject({ counts: { open: 40 }, failedAgain: 20 });
  });

  test('waits for a broker that is away, says so, and goes on; it does not use up its dead letters', async () => {
    const code = await some(300);
    let isAway = false;
    operations.broker.answerWith(async () => {
      if (operations.broker.sent.length >= 100 && !isAway) isAway = true;
      return isAway ? { status: 'refused', error: busErrors.broker_away() } : accepted;
    });
    const { body } = await admin.startJob({ action: 'replay', code, ratePerSecond: 10_000 });
    await expect.poll(async () => (await admin.job(body.id)).problem).toMatch(/The broker cannot be reached/);
    const waiting = await admin.job(body.id);
    expect(waiting).toMatchObject({ state: 'running', failed: 0 });
    expect(await counts(code)).toMatchObject({ open: 300 - waiting.done, replayed: waiting.done });
    operations.broker.accept();
    const job = await admin.endedJob(body.id);
    expect(job).toMatchObject({ state: 'finished', done: 300, failed: 0 });
    expect(job.problem).toBeUndefined();
    expect([operations.broker.sent.length, sentTwice()]).toEqual([300, 0]);
  });

  test('that waits can be stopped', async () => {
    const code = await some(10);
    operations.broker.refuse();
    const { body } = await admin.startJob({ action: 'replay', code });
    await expect.poll(async () => (await admin.job(body.id)).problem).toBeDefined();
    await admin.stopJob(body.id);
    expect(await admin.endedJob(body.id)).toMatchObject({ state: 'stopped', done: 0 });
    expect(await counts(code)).toMatchObject({ open: 10 });
  });

  test('gives up when the broker refuses one after the other, and leaves the rest', async () => {
    const code = await some(500);
    operations.broker.answerWith(async () => ({ status: 'refused', error: busErrors.unroutable() }));
    const { body } = await admin.startJob({ action: 'replay', code, ratePerSecond: 50 });
    const job = await admin.endedJob(body.id);
    expect(job).toMatchObject({
      state: 'failed',
      problem: expect.stringContaining('No declared subscription takes this message'),
      done: 0,
      failures: [{ code: 'bus.unroutable', example: expect.any(String) }],
    });
    expect(job.failed).toBeLessThan(60);
    expect(await counts(code)).toMatchObject({ open: 500 });
  });

  test('counts by reason what cannot be replayed, and replays the others', async () => {
    const code = await some(5);
    const extra = { subscription: 'email.newsletters', code };
    await flood(operations.store, 3, extra);
    await operations.receive(
      createDeadLetter({
        subscription: 'email.customers',
        reason: { code, message: 'x' },
        truncatedFrom: 5_000_000,
      }),
    );
    const { body } = await admin.startJob({ action: 'replay', code });
    const { failures, ...job } = await admin.endedJob(body.id);
    expect(job).toMatchObject({ state: 'finished', total: 9, done: 5, failed: 4, skipped: 0 });
    expect(
      Object.fromEntries(failures.map(({ code, count }: { code: string; count: number }) => [code, count])),
    ).toEqual({
      'no-subscription': 3,
      truncated: 1,
    });
    expect(await counts(code)).toMatchObject({ open: 4, replayed: 5 });
  });

  test('sends each once when two run over the same dead letters, and single replays and discards come in between', async () => {
    const code = await some(1_000);
    operations.broker.answerWith(async () => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
      return accepted;
    });
    const { deadLetters } = await admin.list(`code=${code}&limit=100`);
    const [one, other] = await Promise.all(
      [1, 2].map(() => admin.startJob({ action: 'replay', code, ratePerSecond: 10_000 })),
    );
    const single = Promise.all(deadLetters.slice(0, 50).map(({ id }: { id: string }) => admin.replay(id)));
    const discards = Promise.all(deadLetters.slice(50).map(({ id }: { id: string }) => admin.discard(id)));
    const jobs = await Promise.all([one, other].map((each) => admin.endedJob(each?.body.id)));
    for (const { status } of [...(await single), ...(await discards)]) expect([200, 409]).toContain(status);
    expect(sentTwice()).toBe(0);
    const { replayed, discarded, open } = await counts(code);
    expect({ open, all: replayed + discarded, sent: operations.broker.sent.length }).toEqual({
      ...{ open: 0, all: 1_000, sent: replayed },
    });
    for (const { state, done, failed, skipped } of jobs)
      expect([state, done + skipped, failed]).toEqual(['finished', 1_000, 0]);
  });

  test.each(['replay', 'discard'])(
    'to %s waits for dead letters that are locked, and passes none of them',
    async (action) => {
      const code = await some(50);
      const { rows } = await sql<{ id: string }>`
      update dead_letter set claimed_by = 'another replay', claimed_until = now() + interval '1 minute'
      where code = ${code} and key in ('key-20', 'key-21') returning id`.execute(operations.store.db);
      const ids = sql`any(${rows.map(({ id }) => id)}::text[])`;
      const { body } = await admin.startJob({ action, code, reason: 'a test', ratePerSecond: 10_000 });
      await expect
        .poll(() => admin.job(body.id))
        .toMatchObject({ state: 'running', problem: expect.stringContaining('is locked') });
      expect(await counts(code)).toMatchObject({ open: 31 });
      await operations.store.transaction(async ({ tx }) => {
        // A transaction, such as the one that groups stored dead letters, has locked the rows.
        await sql`update dead_letter set claimed_by = null, claimed_until = null where id = ${ids}`.execute(
          tx,
        );
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        expect(await admin.job(body.id)).toMatchObject({ state: 'running', done: 19 });
      });
      expect(await admin.endedJob(body.id)).toMatchObject({
        state: 'finished',
        done: 50,
        failed: 0,
        skipped: 0,
      });
      expect(await counts(code)).toMatchObject({ open: 0 });
    },
  );

  test.each(['replay', 'discard'])(
    'to %s says at its end how many are open that it has passed',
    async (action) => {
      const code = await some(12);
      const { body } = await admin.startJob({ action, code, reason: 'a test', limit: 10, ratePerSecond: 10 });
      await expect.poll(async () => (await admin.job(body.id)).done).toBeGreaterThan(0);
      // As one whose transaction began before the job, and ended after the job had passed it.
      await sql`update dead_letter set status = 'open' where code = ${code} and key = 'key-2'`.execute(
        operations.store.db,
      );
      expect(await admin.endedJob(body.id)).toMatchObject({
        ...{ state: 'finished', done: 10, failed: 0, skipped: 0, stillOpen: 1 },
      });
    },
  );

  test('sends the messages of one key in their order', async () => {
    const code = await some(200);
    await sql`update dead_letter set key = (('x' || substr(md5(id), 1, 4))::bit(16)::int % 3)::text where code = ${code}`.execute(
      operations.store.db,
    );
    operations.broker.answerWith(async () => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
      return accepted;
    });
    const { body } = await admin.startJob({ action: 'replay', code, ratePerSecond: 10_000 });
    await admin.endedJob(body.id);
    const sent = Map.groupBy(operations.broker.sent, ({ message }) => message.key);
    expect([...sent.values()].reduce((sum, { length }) => sum + length, 0)).toBe(200);
    for (const ofKey of sent.values()) {
      const numbers = ofKey.map(({ message }) => Number(message.id.slice(36)));
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    }
  });

  test('is listed, newest first, by state and page by page', async () => {
    const code = await some(3);
    const ids: string[] = [];
    for (let each = 0; each < 3; each += 1)
      ids.unshift((await admin.startJob({ action: 'replay', code, limit: 1, ratePerSecond: 1 })).body.id);
    for (const id of ids) await admin.endedJob(id);
    const list = async (query: string) =>
      (await operations.request('GET', `/api/admin/dead-letters/jobs?${query}`)).body;
    const idsOf = ({ jobs }: { jobs: { id: string }[] }) => jobs.map(({ id }) => id);
    const first = await list('limit=2&state=finished');
    expect(idsOf(first)).toEqual(ids.slice(0, 2));
    expect(idsOf((await operations.request('GET', first.next)).body)[0]).toBe(ids[2]);
    expect(idsOf(await list('state=running'))).toEqual([]);
  });

  test('is refused with 422 when nothing matches', async () => {
    for (const action of ['replay', 'discard']) {
      const { status, body } = await admin.startJob({ action, code: 'job.none', reason: 'x' });
      expect([status, body.type]).toEqual([422, 'urn:emporium:problem:nothing-matches']);
    }
  });

  test.each<[unknown, string]>([
    [{ action: 'replay' }, 'subscription'],
    [{ action: 'remove', code: 'x' }, 'action'],
    [{ code: 'x' }, 'action'],
    [{ action: 'discard', code: 'x' }, 'reason'],
    [{ action: 'replay', code: 'x', ratePerSecond: 0 }, 'ratePerSecond'],
    [{ action: 'replay', code: 'x', ratePerSecond: -1 }, 'ratePerSecond'],
    [{ action: 'replay', code: 'x', ratePerSecond: 1e9 }, 'ratePerSecond'],
    [{ action: 'replay', code: 'x', ratePerSecond: 1.5 }, 'ratePerSecond'],
    [{ action: 'replay', code: 'x', ratePerSecond: 'fast' }, 'ratePerSecond'],
    [{ action: 'replay', code: 'x', limit: 0 }, 'limit'],
    [{ action: 'replay', group: 'x' }, 'group'],
    [{ action: 'replay', failedBefore: 'yesterday' }, 'failedBefore'],
    [{ action: 'replay', code: 'x', status: 'open' }, 'status'],
  ])('is refused with the name of the field for %j', async (body, field) => {
    const answer = await admin.startJob(body);
    expect([answer.status, answer.body.errors[0].field]).toEqual([400, field]);
  });

  test('that is unknown is 404; a rate that is none is refused', async () => {
    for (const id of [uuid(), 'x']) {
      expect((await operations.request('GET', `/api/admin/dead-letters/jobs/${id}`)).status).toBe(404);
      expect((await admin.stopJob(id)).status).toBe(404);
      expect((await admin.setRate(id, 5)).status).toBe(404);
    }
    for (const rate of [0, -1, 1e9, 'fast', null, undefined]) {
      const { status, body } = await admin.setRate(uuid(), rate);
      expect([status, body.errors[0].field]).toEqual([400, 'ratePerSecond']);
    }
  });

  test('is refused while 20 are running', async () => {
    const code = await some(30);
    operations.broker.refuse();
    const started = [];
    for (let each = 0; each < 20; each += 1)
      started.push((await admin.startJob({ action: 'replay', code })).body.id);
    const { status, body } = await admin.startJob({ action: 'replay', code });
    expect([status, body.type]).toEqual([409, 'urn:emporium:problem:too-many-jobs']);
    for (const id of started) await admin.stopJob(id);
    for (const id of started) await admin.endedJob(id);
  });

  test.each<['GET' | 'POST' | 'PUT', string]>([
    ['GET', ''],
    ['POST', ''],
    ['GET', '/x'],
    ['PUT', '/x'],
    ['POST', '/x/stop'],
  ])('%s …/jobs%s is for administrators', async (method, path) => {
    const url = `/api/admin/dead-letters/jobs${path}`;
    expect((await operations.request(method, url, undefined, 'nobody')).status).toBe(401);
    expect((await operations.request(method, url, undefined, 'customer')).status).toBe(403);
  });
});
