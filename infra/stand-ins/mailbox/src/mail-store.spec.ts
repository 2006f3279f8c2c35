import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createMailStore, type MailStore } from './mail-store.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailbox-'));
  file = join(folder, 'mails.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

const list = async (store: MailStore, filter: object, limit = 10, before?: string) => {
  const page = await store.list(filter, { limit, before });
  if (page === undefined) throw new Error('no such mail');
  return page;
};
const idsIn = async (store: MailStore, filter: object = {}, limit = 10) =>
  (await list(store, filter, limit)).mails.map(({ messageId }) => messageId);

const newMail = (
  messageId: string | undefined,
  { to = ['ada@example.com'], subject = 'Your order' } = {},
) => ({
  to,
  source: [
    ...(messageId === undefined ? [] : [`Message-ID: ${messageId}`]),
    `From: shop@example.com\r\nSubject: ${subject}`,
    '',
    'Message-ID: <of-the-text>',
  ].join('\r\n'),
});

describe.each(['in memory', 'on disk'])('a mail store %s', (where) => {
  const open = (bounds: { readonly capacity?: number; readonly capacityBytes?: number } = {}) =>
    createMailStore({ file: where === 'on disk' ? file : undefined, ...bounds });

  test('lists the newest mails first, in pages, with the total', async () => {
    const store = open();
    for (const id of ['<1>', '<2>', '<3>', '<4>', '<5>']) store.add(newMail(id));
    const first = await list(store, { subject: 'order' }, 2);
    store.add(newMail(undefined, { subject: 'arrives in between' }));
    const second = await list(store, { subject: 'order' }, 2, first.mails[1]?.id);
    const third = await list(store, { subject: 'order' }, 2, second.mails[1]?.id);
    expect([first, second, third].map(({ mails }) => mails.map(({ messageId }) => messageId))).toEqual([
      ['<5>', '<4>'],
      ['<3>', '<2>'],
      ['<1>'],
    ]);
    expect([first, second, third].map(({ hasMore }) => hasMore)).toEqual([true, true, false]);
    expect([first, second, third].map(({ total }) => total)).toEqual([5, 5, 5]);
    store.close();
  });

  test('returns no page for an unknown id', async () => {
    const store = open();
    expect(await store.list({}, { limit: 1, before: 'no-such-id' })).toBeUndefined();
    store.close();
  });

  test('stores a repeated Message-ID once, with two deliveries', async () => {
    const store = open();
    store.add(newMail('<1>'));
    store.add(newMail('<1>', { subject: 'Again' }));
    expect(await list(store, {})).toMatchObject({
      total: 1,
      mails: [{ deliveries: 2, subject: 'Your order' }],
    });
    store.close();
  });

  test('stores every mail without a Message-ID', async () => {
    const store = open();
    store.add(newMail(undefined));
    store.add(newMail(undefined));
    expect((await list(store, {})).total).toBe(2);
    store.close();
  });

  test('finds mails by recipient, part of the subject and Message-ID', async () => {
    const store = open();
    store.add(newMail('<1>'));
    store.add(newMail('<2>', { to: ['Bob@Example.com'], subject: 'Welcome' }));
    store.add(
      newMail('<3>', {
        to: ['anna@xn--mnchen-3ya.de'],
        subject: '=?utf-8?Q?Gr=C3=BC?=\r\n =?UTF-8?B?w59l?=',
      }),
    );
    const found = (filter: object) => idsIn(store, filter);
    expect(await found({ to: 'bob@example.COM' })).toEqual(['<2>']);
    expect(await found({ to: 'anna@München.de' })).toEqual(['<3>']);
    expect(await found({ to: 'bob' })).toEqual([]);
    expect(await found({ subject: 'ORDER' })).toEqual(['<1>']);
    expect(await found({ subject: 'grüße' })).toEqual(['<3>']);
    expect(await found({ messageId: '<2>' })).toEqual(['<2>']);
    expect(await found({ messageId: '<2>', subject: 'order' })).toEqual([]);
    expect(await found({ messageId: '<2>', to: 'ada@example.com' })).toEqual([]);
    store.close();
  });

  test('drops the oldest mails when there are too many', async () => {
    const store = open({ capacity: 3 });
    for (let id = 1; id <= 20; id += 1) {
      store.add(newMail(`<${id}>`));
      const { total, mails } = await list(store, {});
      expect(total).toBeLessThanOrEqual(6);
      expect(mails[0]?.messageId).toBe(`<${id}>`);
      expect(total).toBeGreaterThanOrEqual(Math.min(id, 3));
    }
    expect(await idsIn(store, { to: 'ada@example.com' }, 2)).toEqual(['<20>', '<19>']);
    store.add(newMail('<1>'));
    expect((await list(store, { messageId: '<1>' })).mails).toMatchObject([{ deliveries: 1 }]);
    store.close();
  });

  test('drops the oldest mails when they are too large', async () => {
    const store = open({ capacityBytes: 10_000 });
    for (let id = 1; id <= 50; id += 1) store.add(newMail(`<${id}>`, { subject: 'x'.repeat(1_000) }));
    expect((await list(store, {})).total).toBeLessThan(25);
    expect((await list(store, {})).total).toBeGreaterThan(5);
    store.close();
  });

  test('is empty after it was cleared', async () => {
    const store = open();
    store.add(newMail('<1>'));
    store.clear();
    expect(await list(store, {})).toEqual({ mails: [], total: 0, hasMore: false });
    store.add(newMail('<1>'));
    expect((await list(store, {})).mails).toMatchObject([{ deliveries: 1 }]);
    store.close();
  });

  test('returns the beginning of a long mail in a list, and all of it by id', async () => {
    const store = open();
    const text = 'word '.repeat(40_000);
    store.add({ to: ['ada@example.com'], source: `Message-ID: <1>\r\nSubject: long\r\n\r\n${text}` });
    const [{ id = '', text: listed = '' } = {}] = (await list(store, {})).mails;
    expect(listed).toBe(text.slice(0, 2_000));
    expect((await store.find(id))?.text.length).toBeGreaterThan(190_000);
    store.close();
  });
});

describe('the journal', () => {
  test('restores the mails after any number of restarts and full segments', async () => {
    for (let start = 0; start < 5; start += 1) {
      const store = createMailStore({ file, capacity: 4 });
      for (let id = 1; id <= 3; id += 1) store.add(newMail(`<${start}-${id}>`));
      store.add(newMail(`<${start}-1>`));
      store.close();
    }
    const store = createMailStore({ file, capacity: 4 });
    const { mails, total } = await list(store, {});
    expect(total).toBeGreaterThanOrEqual(4);
    expect(mails[0]).toMatchObject({ messageId: '<4-3>', deliveries: 1 });
    expect(mails[2]).toMatchObject({ messageId: '<4-1>', deliveries: 2 });
    expect(readdirSync(folder).sort()).toEqual(['mails.jsonl', 'mails.jsonl.old']);
    store.close();
  });

  test('removes an incomplete last line and continues after it', async () => {
    const first = createMailStore({ file });
    first.add(newMail('<1>'));
    first.close();
    const whole = statSync(file).size;
    appendFileSync(file, '{"type":"mail","mail":{"id":');
    const second = createMailStore({ file });
    expect(statSync(file).size).toBe(whole);
    second.add(newMail('<2>'));
    second.close();
    const third = createMailStore({ file });
    expect(await idsIn(third)).toEqual(['<2>', '<1>']);
    third.close();
  });

  test('names the line that is not a valid entry', () => {
    const store = createMailStore({ file });
    store.add(newMail('<1>'));
    store.close();
    appendFileSync(file, 'nonsense\n');
    expect(() => createMailStore({ file })).toThrow(`${file}:2 is not a valid journal entry`);
    expect(readFileSync(file, 'utf8')).toContain('nonsense');
  });

  test('opens 100,000 mails within seconds and lists them quickly', async () => {
    const line = (n: number) => {
      const source = `Message-ID: <${n}@shop>\r\nSubject: Your order is confirmed\r\n\r\n${'text of it\r\n'.repeat(100)}`;
      const mail = {
        id: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
        messageId: `<${n}@shop>`,
        to: [`user-${n % 1_000}@example.com`],
        source,
        receivedAt: '2026-11-01T10:00:00.000Z',
        deliveries: 1,
      };
      return `${JSON.stringify({ type: 'mail', mail })}\n`;
    };
    for (let from = 0; from < 100_000; from += 1_000)
      appendFileSync(file, Array.from({ length: 1_000 }, (_, n) => line(from + n)).join(''));
    const before = process.memoryUsage.rss();
    const start = performance.now();
    const store = createMailStore({ file });
    const opened = performance.now();
    const byRecipient = await list(store, { to: 'user-7@example.com' }, 200);
    const bySubject = await list(store, { subject: 'confirmed' }, 200, byRecipient.mails[50]?.id);
    const found = performance.now();
    expect(byRecipient.total).toBe(100);
    expect(bySubject.total).toBe(100_000);
    expect(opened - start).toBeLessThan(20_000);
    expect(found - opened).toBeLessThan(10_000);
    expect(process.memoryUsage.rss() - before).toBeLessThan(400 * 1_024 * 1_024);
    store.add(newMail('<new>'));
    expect((await list(store, {})).total).toBe(100_001);
    store.close();
  }, 60_000);
});
