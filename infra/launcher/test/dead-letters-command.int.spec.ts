import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Consumer, Transport } from '@emporium/bus';
import { shop } from '@emporium/contracts';
import { freePort, freshDatabase, serverFor } from '@emporium/servers';
import { createLog, createTransport, generateKeyPair } from '@emporium/service';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createServiceProcess, type ServiceProcess, services } from '../src/index.ts';

const postgres = await serverFor('postgres');
const root = resolve(import.meta.dirname, '../../..');
const program = join(root, 'infra/admin-cli/src/dead-letters/main.ts');
const admin = { ADMIN_EMAIL: 'admin@shop.example', ADMIN_PASSWORD: 'a long enough password' };
const nowhere = 'http://127.0.0.1:1';

describe.skipIf(!postgres.available)(postgres.title('npm run dead-letters'), () => {
  const cleanups: (() => Promise<unknown>)[] = [];
  let transport: Transport;
  let url: string;
  /** The messages that the subscriber cannot handle, and why. */
  const failures = new Map<string, { code: string; message: string }>();
  const handled: string[] = [];

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'emporium-dead-letters-'));
    cleanups.push(() => rm(folder, { recursive: true, force: true }));
    const databases: Record<string, string> = {};
    for (const name of ['bus', 'operations', 'user-registration', 'gateway']) {
      const database = await freshDatabase(postgres.url);
      databases[name] = database.url;
      cleanups.unshift(database.drop);
    }
    const busUrl = databases['bus'] ?? '';
    const log = createLog({ service: 'test', level: 'silent' });
    transport = await createTransport({ url: busUrl, service: 'email', log });
    await transport.topology(shop).apply();
    const subscription = shop.subscription('email.welcome');
    if (subscription === undefined) throw new Error('no subscription');
    const consumer: Consumer = await transport.subscribe(
      subscription,
      async (delivery) => {
        const failure = failures.get(delivery.id);
        if (failure !== undefined) return delivery.deadLetter(failure);
        handled.push(delivery.id);
        return delivery.ack();
      },
      { concurrency: 50 },
    );
    cleanups.unshift(() => consumer.stop().then(() => transport.close()));

    const keys = generateKeyPair();
    const ports = {
      operations: await freePort(),
      'user-registration': await freePort(),
      gateway: await freePort(),
    };
    url = `http://127.0.0.1:${ports.gateway}`;
    const upstreams = services.filter(({ name, database }) => database || name === 'web');
    const variableOf = (name: string) => `${name.toUpperCase().replaceAll('-', '_')}_URL`;
    const own: Record<keyof typeof ports, Record<string, string>> = {
      operations: {},
      'user-registration': { JWT_PRIVATE_KEY: keys.privateKey, SHOP_URL: url, ...admin },
      gateway: {
        ...Object.fromEntries(upstreams.map(({ name }) => [variableOf(name), nowhere])),
        OPERATIONS_URL: `http://127.0.0.1:${ports.operations}`,
        USER_REGISTRATION_URL: `http://127.0.0.1:${ports['user-registration']}`,
      },
    };
    const processes = (['operations', 'user-registration', 'gateway'] as const).map(
      (name): ServiceProcess =>
        createServiceProcess({
          name,
          main: join(root, 'services', name, 'src/main.ts'),
          env: {
            ...{ PORT: String(ports[name]), JWT_PUBLIC_KEY: keys.publicKey, BUS_URL: busUrl },
            ...{ DATABASE_URL: databases[name] ?? '', ...own[name] },
          },
          logFile: join(folder, `${name}.log`),
          address: `http://127.0.0.1:${ports[name]}`,
        }),
    );
    cleanups.unshift(() => Promise.all(processes.map((each) => each.stop())));
    await Promise.all(processes.map((each) => each.start()));
  }, 60_000);
  afterAll(async () => {
    for (const cleanup of cleanups) await cleanup();
  });

  const startCommand = (...args: readonly string[]): ChildProcess =>
    spawn(process.execPath, [program, ...args, '--url', url], {
      env: { PATH: process.env['PATH'], ...admin },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const outcomeOf = async ({ stdout, stderr, ...child }: ChildProcess, exited: Promise<unknown[]>) => {
    if (stdout === null || stderr === null) throw new Error('no output');
    const [output, errors] = await Promise.all([text(stdout), text(stderr)]);
    const [code] = await exited;
    return { code, output: output.trimEnd(), errors: errors.trimEnd(), pid: child.pid };
  };
  const run = (...args: readonly string[]) => {
    const child = startCommand(...args);
    return outcomeOf(child, once(child, 'exit'));
  };
  const json = async (...args: readonly string[]) => {
    const { code, output, errors } = await run(...args, '--json');
    expect(errors).toBe('');
    return { code, body: JSON.parse(output) };
  };

  const envelope = (id: string, email: string) => ({
    ...{ specversion: '1.0', id, source: '/crm', type: 'user.registered', time: '2026-11-01T10:00:00Z' },
    ...{ subject: id, datacontenttype: 'application/json', data: { userId: id, email, name: 'Ada' } },
  });
  /** Sends messages, which fail for this reason. Returns the dead letters. */
  const fail = async (
    count: number,
    code: string,
    message = 'the mail server is away',
    email = 'ada@shop.example',
  ) => {
    const subscription = shop.subscription('email.welcome');
    if (subscription === undefined) throw new Error('no subscription');
    for (let index = 0; index < count; index += 1) {
      const id = uuid();
      failures.set(id, { code, message });
      const body = new TextEncoder().encode(JSON.stringify(envelope(id, email)));
      await transport.sendTo(subscription, { id, type: 'user.registered', key: id, body });
    }
    const list = async () => (await json('list', '--code', code)).body.deadLetters;
    await expect.poll(list, { timeout: 20_000, interval: 300 }).toHaveLength(Math.min(count, 50));
    const deadLetters = await list();
    for (const { messageId } of deadLetters) failures.delete(messageId);
    return deadLetters;
  };

  test('lists dead letters and groups, and shows one, as tables and as JSON', async () => {
    const [newest] = await fail(3, 'test.list');
    const listed = await run('list', '--code', 'test.list');
    expect(listed).toMatchObject({ code: 0, errors: '' });
    expect(listed.output.split('\n')).toEqual([
      expect.stringMatching(/^id +failed +status +subscription +type +code +reason$/),
      ...Array(3).fill(
        expect.stringMatching(
          /^\S{36} {2}\S{19} {2}open +email\.welcome +user\.registered +test\.list +the mail server is away$/,
        ),
      ),
      '',
      '3 open, 0 replayed, 0 discarded',
    ]);
    const groups = await run('groups', '--code', 'test.list');
    expect(groups.output).toMatch(
      /\n[0-9a-f]{16} +3 +0 +0 +0 .* email\.welcome +user\.registered +test\.list: the mail server is away$/,
    );
    expect((await json('groups', '--code', 'test.list')).body.groups).toMatchObject([
      { counts: { open: 3 } },
    ]);
    const shown = await run('show', newest.id);
    expect(shown).toMatchObject({ code: 0, errors: '' });
    expect(shown.output).toMatch(
      /^id +\S{36}\nmessage.*\nstatus +open\n.*failed +test\.list the mail server is away\n.*"email": "ada@shop\.example"/s,
    );
    expect((await json('show', newest.id)).body).toMatchObject({
      id: newest.id,
      history: [{ kind: 'failed' }],
    });
  });

  test('replays one, once, and with an edited body that can be previewed', async () => {
    const [one] = await fail(1, 'test.one', 'no address', 'nobody');
    const file = join(tmpdir(), `edited-${uuid()}.json`);
    cleanups.push(() => rm(file, { force: true }));
    await writeFile(file, JSON.stringify({ ...envelope(one.messageId, 'no'), time: 'now' }));
    const wrong = await run('replay', one.id, '--edit', file, '--preview');
    expect(wrong.code).toBe(1);
    expect(wrong.output.split('\n')).toEqual([
      '~ /time "2026-11-01T10:00:00Z" -> "now"',
      '~ /data/email "nobody" -> "no"',
      expect.stringMatching(/^error: body\.time must be an RFC 3339 time$/),
      expect.stringMatching(/^error: body\.data\.email /),
      'it would not be sent',
    ]);
    expect(await run('replay', one.id, '--edit', file)).toMatchObject({
      ...{ code: 1, output: '', errors: expect.stringContaining('body.data.email') },
    });
    await writeFile(file, JSON.stringify(envelope(one.messageId, 'ada@shop.example')));
    expect(await run('replay', one.id, '--edit', file, '--preview')).toMatchObject({
      ...{ code: 0, output: '~ /data/email "nobody" -> "ada@shop.example"\nit would be sent' },
    });
    expect(await run('replay', one.id, '--edit', file)).toMatchObject({
      ...{ code: 0, output: `replayed ${one.id} to email.welcome` },
    });
    await expect.poll(() => handled).toContain(one.messageId);
    expect(await run('replay', one.id)).toMatchObject({
      ...{ code: 1, errors: 'The dead letter was replayed before.' },
    });
    expect(await run('discard', one.id, '--reason', 'too late')).toMatchObject({ code: 1 });
  });

  test('replays a group as a job with its progress; what fails again says so', async () => {
    const letters = await fail(30, 'test.group');
    const { group } = letters[0];
    for (const { messageId } of letters)
      failures.set(messageId, { code: 'test.group', message: 'the mail server is away' });
    const replayed = await run('replay', '--group', group, '--rate', '50');
    expect(replayed).toMatchObject({ code: 0, errors: '' });
    expect(replayed.output.split('\n')).toEqual([
      expect.stringMatching(/^job \S{36}: to replay 30 dead letters, 50 a second; Ctrl-C stops it$/),
      ...replayed.output.split('\n').slice(1, -2),
      '30 of 30 done',
      'finished: 30 of 30 replayed, 0 failed, 0 resolved by others',
    ]);
    await expect
      .poll(async () => (await json('groups', '--code', 'test.group')).body.groups)
      .toMatchObject([{ id: group, counts: { open: 30 }, failedAgain: 30 }]);
    expect((await run('list', '--group', group, '--limit', '1')).output).toContain('failed again (1)');
    failures.clear();
    expect(await json('replay', '--group', group, '--rate', '1000')).toMatchObject({
      ...{ code: 0, body: { state: 'finished', done: 30, skipped: 0 } },
    });
  });

  test('Ctrl-C stops the job, and says how far it was', async () => {
    await fail(40, 'test.stop');
    const child = startCommand('replay', '--code', 'test.stop', '--rate', '10');
    const outcome = outcomeOf(child, once(child, 'exit'));
    await new Promise<void>((done) =>
      child.stdout?.on('data', (chunk) => /of 40 done/.test(String(chunk)) && done()),
    );
    child.kill('SIGINT');
    const { code, output } = await outcome;
    expect(code).toBe(1);
    expect(output).toMatch(
      /\nstopping the job\n(.*\n)*stopped: \d+ of 40 replayed, 0 failed; the others are open$/,
    );
    const { counts } = (await json('list', '--code', 'test.stop')).body;
    expect(counts.open + counts.replayed).toBe(40);
    expect(counts.open).toBeGreaterThan(0);
  });

  test('discards one and many with a reason', async () => {
    const letters = await fail(4, 'test.discard');
    expect(await run('discard', letters[0].id, '--reason', 'a test')).toMatchObject({
      ...{ code: 0, output: `discarded ${letters[0].id}` },
    });
    const many = await run('discard', '--code', 'test.discard', '--reason', 'a test', '--rate', '1000');
    expect(many.output).toMatch(/finished: 3 of 3 discarded, 0 failed, 0 resolved by others$/);
    expect((await json('list', '--code', 'test.discard')).body.counts).toEqual({
      ...{ open: 0, replayed: 0, discarded: 4 },
    });
  });

  test.each<[string[], number, RegExp]>([
    [['replay', '--code', 'test.none'], 1, /^No open dead letter matches the filter\.$/],
    [['discard', '--group', '0123456789abcdef', '--reason', 'x'], 1, /^No open dead letter matches/],
    [['show', uuid()], 1, /^There is no such dead letter\.$/],
    [['replay', uuid()], 1, /^There is no such dead letter\.$/],
    [['replay', '--code', 'x', '--rate', '0'], 64, /^--rate must be a whole number, 1 or more, not '0'$/],
    [['replay', '--code', 'x', '--rate', '-1'], 64, /--rate/],
    [['replay', '--code', 'x', '--rate', 'fast'], 64, /^--rate must be a whole number/],
    [['replay', '--code', 'x', '--rate', '999999999'], 1, /ratePerSecond/],
    [['replay', '--group', 'x'], 1, /group must be the id of a group/],
    [['replay'], 64, /^give an id, or a group or another filter$/],
    [['replay', 'x', '--code', 'y'], 64, /^give an id, or a group/],
    [['replay', '--code', 'x', '--preview'], 64, /are for one dead letter/],
    [['replay', 'x', '--edit', '/nowhere.json'], 1, /^\/nowhere\.json cannot be read as JSON/],
    [['discard', 'x'], 64, /^--reason is missing/],
    [['list', '--status', 'closed'], 1, /query\.status/],
    [['pause'], 64, /^usage: npm run dead-letters/],
  ])('%j ends with exit code %d and the reason', async (args, code, message) => {
    const outcome = await run(...args);
    expect([outcome.code, outcome.output]).toEqual([code, '']);
    expect(outcome.errors).toMatch(message);
  });
});
