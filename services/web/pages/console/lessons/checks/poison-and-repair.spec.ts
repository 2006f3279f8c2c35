import { expect, test } from 'vitest';
import { madeUp } from '../made-up-answers.ts';
import { checks } from './poison-and-repair.ts';

const begunAt = new Date('2026-05-01T10:00:00Z');
const at = (minute: number): string => new Date(begunAt.getTime() + minute * 60_000).toISOString();

const sent = (minute = 1) => ({
  '/api/admin/audit?target=email.welcome': {
    entries: [{ at: at(minute), action: 'message.send', details: { messageId: 'm1' }, outcome: 'done' }],
  },
});
const deadLetter = (replays: number) => ({
  '/api/admin/dead-letters?': {
    deadLetters: [{ id: 'd1', messageId: 'm1', attempts: 1, replays, failedAt: at(2) }],
  },
});
const poison = { ...sent(), ...deadLetter(0) };
const behind = (outcome: string) => ({
  [`/api/admin/messages?subscription=email.welcome&since=${encodeURIComponent(at(2))}`]: {
    messages: [{ outcome }],
  },
});
const outcome = (text: string) => ({ '/api/admin/dead-letters/d1/outcome': { outcome: text } });
const repaired = {
  ...sent(),
  ...deadLetter(1),
  ...outcome('handled'),
  '/api/admin/dead-letters/d1': {
    history: [
      { kind: 'failed' },
      { kind: 'replayed', body: { encoding: 'json', content: { data: { email: 'b@example.com' } } } },
    ],
  },
};
const mails = (...minutes: readonly number[]) => ({
  '/api/mails?to=b%40example.com': {
    mails: minutes.map((minute) => ({ subject: 'Welcome to Emporium', receivedAt: at(minute) })),
  },
});

test.each([
  ['dead-lettered', true, poison],
  ['dead-lettered', false, { ...sent(-1), ...deadLetter(0) }],
  ['dead-lettered', false, { ...sent(), '/api/admin/dead-letters?': { deadLetters: [] } }],
  ['dead-lettered', false, {}],
  ['others-go-on', true, { ...poison, ...behind('ack') }],
  ['others-go-on', false, { ...poison, ...behind('dead-letter') }],
  ['others-go-on', false, poison],
  ['repaired', true, repaired],
  ['repaired', false, { ...repaired, ...outcome('failed-again') }],
  ['repaired', false, poison],
  ['repaired', false, {}],
  ['mail-arrived', true, { ...repaired, ...mails(3) }],
  ['mail-arrived', true, { ...repaired, ...mails(-5, 3) }],
  ['mail-arrived', false, { ...repaired, ...mails() }],
  ['mail-arrived', false, { ...repaired, ...mails(3, 3) }],
  ['mail-arrived', false, { ...poison, ...mails(3) }],
  ['mail-arrived', false, repaired],
])('%s: %s', async (name, isDone, bodies) => {
  const verdict = await checks[name]?.(madeUp(begunAt, bodies));
  expect(verdict?.isDone).toBe(isDone);
  expect(verdict?.seen).toMatch(/^[A-Z0-9].*[.:].*$/);
});
