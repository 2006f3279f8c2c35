import { expect, test } from 'vitest';
import { createBox, type NewMail } from './box.ts';

const newMail = (messageId: string | undefined, change: Partial<NewMail> = {}): NewMail => ({
  messageId,
  from: 'shop@example.com',
  to: ['ada@example.com'],
  subject: 'Your order',
  text: 'text',
  html: '<p>html</p>',
  ...change,
});

test('the newest mail comes first, and the total counts what the limit cuts', () => {
  const box = createBox({ file: undefined });
  for (const id of ['<1>', '<2>', '<3>']) box.take(newMail(id));
  const { mails, total } = box.list({}, 2);
  expect(mails.map(({ messageId }) => messageId)).toEqual(['<3>', '<2>']);
  expect(total).toBe(3);
});

test('the same Message-ID is one mail that was delivered twice', () => {
  const box = createBox({ file: undefined });
  const first = box.take(newMail('<1>'));
  const second = box.take(newMail('<1>', { subject: 'Again' }));
  expect(second).toEqual({ ...first, deliveries: 2 });
  expect(box.list({}, 10)).toMatchObject({ total: 1, mails: [{ deliveries: 2, subject: 'Your order' }] });
});

test('mails without a Message-ID are each kept', () => {
  const box = createBox({ file: undefined });
  expect(box.take(newMail(undefined)).id).not.toBe(box.take(newMail(undefined)).id);
  expect(box.list({}, 10).total).toBe(2);
});

test('mails are found by recipient, by part of the subject and by Message-ID', () => {
  const box = createBox({ file: undefined });
  box.take(newMail('<1>'));
  box.take(newMail('<2>', { to: ['Bob@Example.com'], subject: 'Welcome' }));
  const found = (filter: object) => box.list(filter, 10).mails.map(({ messageId }) => messageId);
  expect(found({ to: 'bob@example.COM' })).toEqual(['<2>']);
  expect(found({ to: 'bob' })).toEqual([]);
  expect(found({ subject: 'ORDER' })).toEqual(['<1>']);
  expect(found({ messageId: '<2>' })).toEqual(['<2>']);
  expect(found({ messageId: '<2>', subject: 'order' })).toEqual([]);
});

test('the oldest go when there are too many', () => {
  const box = createBox({ file: undefined, capacity: 2 });
  const first = box.take(newMail('<1>'));
  box.take(newMail('<2>'));
  box.take(newMail('<3>'));
  expect(box.list({}, 10).mails.map(({ messageId }) => messageId)).toEqual(['<3>', '<2>']);
  expect(box.find(first.id)).toBeUndefined();
  expect(box.take(newMail('<1>')).deliveries).toBe(1);
});

test('clearing forgets all', () => {
  const box = createBox({ file: undefined });
  box.take(newMail('<1>'));
  box.clear();
  expect(box.list({}, 10)).toEqual({ mails: [], total: 0 });
  expect(box.take(newMail('<1>')).deliveries).toBe(1);
});
