import { expect, test } from 'vitest';
import { renderRequestedMail } from './requested-mail.ts';

const url = 'https://shop.example/en/reset-password#token=fqCEN8D2a0Ex7Bz0yMS6nqsA1DfXWQbVU5iWeGfB3jE';
const expiresAt = new Date('2026-11-29T13:05:59.999Z');

test.each(['password-reset', 'first-password'] as const)(
  'the mail %s has the link, the time until which it works, and where to request another',
  (template) => {
    const { text, html } = renderRequestedMail({ template, url, expiresAt });
    expect(text.split('\n')).toContain(url);
    expect(text).toContain('once, within an hour: until 2026-11-29 13:05 UTC.');
    expect(text).toContain('request another at https://shop.example/en/reset-password\n');
    expect(html).toMatch(`<a href="${url}">`);
    expect(text).toMatch(/^Hello,\n/);
  },
);

test('a first link that has expired is not sent: the mail leads to the page on which to request one', () => {
  const { text, html } = renderRequestedMail({ template: 'late-first-password', url, expiresAt });
  expect(text.split('\n')).toContain('https://shop.example/en/reset-password');
  expect(text + html).not.toContain('token');
});

test('a link cannot inject markup or lines', () => {
  const evil = 'https://shop.example/"><script>alert(1)</script>\r\nBcc: eve@x.example#token=a';
  const { text, html } = renderRequestedMail({ template: 'password-reset', url: evil, expiresAt });
  expect(html).not.toContain('<script');
  expect(text.split('\n').filter((line) => line.startsWith('Bcc'))).toEqual([]);
});
