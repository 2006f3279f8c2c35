import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Box, createBox } from './box.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailbox-'));
  file = join(folder, 'mails.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

const list = async (box: Box, filter: object, limit = 10, before?: string) => {
  const page = await box.list(filter, { limit, before });
  if (page === undefined) throw new Error('there is no such mail');
  return page;
};
const idsIn = async (box: Box, filter: object = {}, limit = 10) =>
  (await list(box, filter, limit)).mails.map(({ messageId }) => messageId);

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

describe.each(['in memory', 'on disk'])('a box %s', (where) => {
  const open = (bounds: { readonly capacity?: number; readonly capacityBytes?: number } = {}) =>
    createBox({ file: where === 'on disk' ? file : undefined, ...bounds });

  test('gives the newest mail first, a page at a time, and counts all of them', async () => {
    const box = open();
    for (const id of ['<1>', '<2>', '<3>', '<4>', '<5>']) box.take(newMail(id));
    const first = await list(box, { subject: 'order' }, 2);
    box.take(newMail(undefined, { subject: 'comes meanwhile' }));
    const second = await list(box, { subject: 'order' }, 2, first.mails[1]?.id);
    const third = await list(box, { subject: 'order' }, 2, second.mails[1]?.id);
    expect([first, second, third].map(({ mails }) => mails.map(({ messageId }) => messageId))).toEqual([
      ['<5>', '<4>'],
      ['<3>', '<2>'],
      ['<1>'],
    ]);
    expect([first, second, third].map(({ hasMore }) => hasMore)).toEqual([true, true, false]);
    expect([first, second, third].map(({ total }) => total)).toEqual([5, 5, 5]);
    box.close();
  });

  test('has no page after a mail that is not there', async () => {
    const box = open();
    expect(await box.list({}, { limit: 1, before: 'no-such-id' })).toBeUndefined();
    box.close();
  });

  test('counts the same Message-ID as one mail that was delivered twice', async () => {
    const box = open();
    box.take(newMail('<1>'));
    box.take(newMail('<1>', { subject: 'Again' }));
    expect(await list(box, {})).toMatchObject({
      total: 1,
      mails: [{ deliveries: 2, subject: 'Your order' }],
    });
    box.close();
  });

  test('keeps each mail without a Message-ID', async () => {
    const box = open();
    box.take(newMail(undefined));
    box.take(newMail(undefined));
    expect((await list(box, {})).total).toBe(2);
    box.close();
  });

  test('finds mails by recipient, by part of the subject and by Message-ID', async () => {
    const box = open();
    box.take(newMail('<1>'));
    box.take(newMail('<2>', { to: ['Bob@Example.com'], subject: 'Welcome' }));
    box.take(
      newMail('<3>', {
        to: ['anna@xn--mnchen-3ya.de'],
        subject: '=?utf-8?Q?Gr=C3=BC?=\r\n =?UTF-8?B?w59l?=',
      }),
    );
    const found = (filter: object) => idsIn(box, filter);
    expect(await found({ to: 'bob@example.COM' })).toEqual(['<2>']);
    expect(await found({ to: 'anna@München.de' })).toEqual(['<3>']);
    expect(await found({ to: 'bob' })).toEqual([]);
    expect(await found({ subject: 'ORDER' })).toEqual(['<1>']);
    expect(await found({ subject: 'grüße' })).toEqual(['<3>']);
    expect(await found({ messageId: '<2>' })).toEqual(['<2>']);
    expect(await found({ messageId: '<2>', subject: 'order' })).toEqual([]);
    expect(await found({ messageId: '<2>', to: 'ada@example.com' })).toEqual([]);
    box.close();
  });

  test('lets the oldest go when there are too many, and keeps the newest', async () => {
    const box = open({ capacity: 3 });
    for (let id = 1; id <= 20; id += 1) {
      box.take(newMail(`<${id}>`));
      const { total, mails } = await list(box, {});
      expect(total).toBeLessThanOrEqual(6);
      expect(mails[0]?.messageId).toBe(`<${id}>`);
      expect(total).toBeGreaterThanOrEqual(Math.min(id, 3));
    }
    expect(await idsIn(box, { to: 'ada@example.com' }, 2)).toEqual(['<20>', '<19>']);
    box.take(newMail('<1>'));
    expect((await list(box, { messageId: '<1>' })).mails).toMatchObject([{ deliveries: 1 }]);
    box.close();
  });

  test('lets the oldest go when they are too big', async () => {
    const box = open({ capacityBytes: 10_000 });
    for (let id = 1; id <= 50; id += 1) box.take(newMail(`<${id}>`, { subject: 'x'.repeat(1_000) }));
    expect((await list(box, {})).total).toBeLessThan(25);
    expect((await list(box, {})).total).toBeGreaterThan(5);
    box.close();
  });

  test('forgets all when it is cleared', async () => {
    const box = open();
    box.take(newMail('<1>'));
    box.clear();
    expect(await list(box, {})).toEqual({ mails: [], total: 0, hasMore: false });
    box.take(newMail('<1>'));
    expect((await list(box, {})).mails).toMatchObject([{ deliveries: 1 }]);
    box.close();
  });

  test('shows the beginning of a long mail in a list, and all of it by itself', async () => {
    const box = open();
    const text = 'word '.repeat(40_000);
    box.take({ to: ['ada@example.com'], source: `Message-ID: <1>\r\nSubject: long\r\n\r\n${text}` });
    const [{ id = '', text: listed = '' } = {}] = (await list(box, {})).mails;
    expect(listed).toBe(text.slice(0, 2_000));
    expect((await box.find(id))?.text.length).toBeGreaterThan(190_000);
    box.close();
  });
});

describe('the journal', () => {
  test('has all that was in the box, over any number of starts and full segments', async () => {
    for (let start = 0; start < 5; start += 1) {
      const box = createBox({ file, capacity: 4 });
      for (let id = 1; id <= 3; id += 1) box.take(newMail(`<${start}-${id}>`));
      box.take(newMail(`<${start}-1>`));
      box.close();
    }
    const box = createBox({ file, capacity: 4 });
    const { mails, total } = await list(box, {});
    expect(total).toBeGreaterThanOrEqual(4);
    expect(mails[0]).toMatchObject({ messageId: '<4-3>', deliveries: 1 });
    expect(mails[2]).toMatchObject({ messageId: '<4-1>', deliveries: 2 });
    expect(readdirSync(folder).sort()).toEqual(['mails.jsonl', 'mails.jsonl.old']);
    box.close();
  });

  test('drops a last line that a crash cut short, and goes on after it', async () => {
    const first = createBox({ file });
    first.take(newMail('<1>'));
    first.close();
    const whole = statSync(file).size;
    appendFileSync(file, '{"type":"mail","mail":{"id":');
    const second = createBox({ file });
    expect(statSync(file).size).toBe(whole);
    second.take(newMail('<2>'));
    second.close();
    const third = createBox({ file });
    expect(await idsIn(third)).toEqual(['<2>', '<1>']);
    third.close();
  });

  test('names the line that is no entry of it', () => {
    const box = createBox({ file });
    box.take(newMail('<1>'));
    box.close();
    appendFileSync(file, 'nonsense\n');
    expect(() => createBox({ file })).toThrow(`${file}:2 is no entry of this journal`);
    expect(readFileSync(file, 'utf8')).toContain('nonsense');
  });

  test('with 100,000 mails is open within seconds, and gives pages at once', async () => {
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
    const box = createBox({ file });
    const opened = performance.now();
    const byRecipient = await list(box, { to: 'user-7@example.com' }, 200);
    const bySubject = await list(box, { subject: 'confirmed' }, 200, byRecipient.mails[50]?.id);
    const found = performance.now();
    expect(byRecipient.total).toBe(100);
    expect(bySubject.total).toBe(100_000);
    expect(opened - start).toBeLessThan(20_000);
    expect(found - opened).toBeLessThan(10_000);
    expect(process.memoryUsage.rss() - before).toBeLessThan(400 * 1_024 * 1_024);
    box.take(newMail('<new>'));
    expect((await list(box, {})).total).toBe(100_001);
    box.close();
  }, 60_000);
});
