import { expect, test } from 'vitest';
import { createBox } from './box.ts';

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

test('the newest mail comes first, and the total counts what the limit cuts', async () => {
  const box = createBox({ file: undefined });
  for (const id of ['<1>', '<2>', '<3>']) box.take(newMail(id));
  const { mails, total } = await box.list({}, 2);
  expect(mails.map(({ messageId }) => messageId)).toEqual(['<3>', '<2>']);
  expect(total).toBe(3);
});

test('the same Message-ID is one mail that was delivered twice', async () => {
  const box = createBox({ file: undefined });
  const first = box.take(newMail('<1>'));
  const second = box.take(newMail('<1>', { subject: 'Again' }));
  expect(second).toEqual({ ...first, deliveries: 2 });
  expect(await box.list({}, 10)).toMatchObject({
    total: 1,
    mails: [{ deliveries: 2, subject: 'Your order' }],
  });
});

test('mails without a Message-ID are each kept', async () => {
  const box = createBox({ file: undefined });
  expect(box.take(newMail(undefined)).id).not.toBe(box.take(newMail(undefined)).id);
  expect((await box.list({}, 10)).total).toBe(2);
});

test('mails are found by recipient, by part of the subject and by Message-ID', async () => {
  const box = createBox({ file: undefined });
  box.take(newMail('<1>'));
  box.take(newMail('<2>', { to: ['Bob@Example.com'], subject: 'Welcome' }));
  const found = async (filter: object) =>
    (await box.list(filter, 10)).mails.map(({ messageId }) => messageId);
  expect(await found({ to: 'bob@example.COM' })).toEqual(['<2>']);
  expect(await found({ to: 'bob' })).toEqual([]);
  expect(await found({ subject: 'ORDER' })).toEqual(['<1>']);
  expect(await found({ messageId: '<2>' })).toEqual(['<2>']);
  expect(await found({ messageId: '<2>', subject: 'order' })).toEqual([]);
});

test('the oldest go when there are too many', async () => {
  const box = createBox({ file: undefined, capacity: 2 });
  const first = box.take(newMail('<1>'));
  box.take(newMail('<2>'));
  box.take(newMail('<3>'));
  expect((await box.list({}, 10)).mails.map(({ messageId }) => messageId)).toEqual(['<3>', '<2>']);
  expect(await box.find(first.id)).toBeUndefined();
  expect(box.take(newMail('<1>')).deliveries).toBe(1);
});

test('clearing forgets all', async () => {
  const box = createBox({ file: undefined });
  box.take(newMail('<1>'));
  box.clear();
  expect(await box.list({}, 10)).toEqual({ mails: [], total: 0 });
  expect(box.take(newMail('<1>')).deliveries).toBe(1);
});
