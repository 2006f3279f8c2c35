import type { HttpRequest } from '@emporium/service';
import { expect, test } from 'vitest';
import {
  assertOurOwnPage,
  isBelowAdmin,
  isPageOf,
  sessionCookie,
  sessionTokenOf,
  tokenOf,
} from './session.ts';

const cookie = 'emporium-session=abc';
const requestOf = (method: string, url: string, headers: Record<string, string>) =>
  ({ method, url, headers }) as HttpRequest;

test('a session is read from its cookie, unless there is a token', () => {
  expect(sessionTokenOf(requestOf('GET', '/admin/tasks', { cookie }))).toBe('abc');
  expect(sessionTokenOf(requestOf('GET', '/admin?x', { cookie: `a=b; ${cookie}; c=d` }))).toBe('abc');
  expect(sessionTokenOf(requestOf('GET', '/admin', { cookie: 'not-emporium-session=abc' }))).toBeUndefined();
  expect(sessionTokenOf(requestOf('GET', '/api/orders', { cookie }))).toBe('abc');
  expect(sessionTokenOf(requestOf('GET', '/admin', { cookie, authorization: 'Bearer x' }))).toBeUndefined();
});

test('unsafe methods are accepted from our own pages only', () => {
  const put = (headers: Record<string, string>) =>
    tokenOf(requestOf('PUT', '/admin/tasks/api', { cookie, host: 'shop.example:8080', ...headers }));
  expect(put({ origin: 'http://shop.example:8080' })).toBe('abc');
  for (const origin of ['http://evil.example', 'http://shop.example:15672', 'null', '']) {
    expect(() => put({ origin }), origin).toThrow(expect.objectContaining({ status: 403 }));
  }
  expect(() => put({})).toThrow(expect.objectContaining({ status: 403 }));
  expect(put({ authorization: 'Bearer x' })).toBe('x');
});

test('without a session or a token the answer is 401', () =>
  expect(() => tokenOf(requestOf('GET', '/admin', {}))).toThrow(expect.objectContaining({ status: 401 })));

test('our own pages are those of the requested host', () =>
  expect(
    assertOurOwnPage({ headers: { origin: 'https://shop.example', host: 'shop.example' } }),
  ).toBeUndefined());

test('the cookie is hidden from scripts and other sites, and expires with the token', () => {
  const expiresAt = new Date(Date.now() + 60_500);
  const set = (origin: string) =>
    sessionCookie(requestOf('POST', '/admin/session', { origin }), { token: 'abc', expiresAt });
  expect(set('http://127.0.0.1:8080')).toBe(
    'emporium-session=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Strict',
  );
  expect(set('https://shop.example')).toMatch(/; Secure$/);
  expect(sessionCookie(requestOf('POST', '/admin/session/end', {}), undefined)).toMatch(
    /^emporium-session=; Path=\/; Max-Age=0;/,
  );
});

test.each([
  ['/admin', true],
  ['/admin/tasks/?x=1', true],
  ['//evil.example/admin', false],
  ['https://evil.example/admin', false],
  ['/administrator', false],
  ['/api/admin', false],
])('%s is a page for administrators: %s', (url, expected) => expect(isBelowAdmin(url)).toBe(expected));

test.each([
  ['/admin/tasks', true],
  ['/admin/tasks/', true],
  ['/admin/tasks/queue/email.send?page=2&status=failed#x', true],
  ['/admin/tasks?name=a%20b', true],
  ['/admin/tasksx', false],
  ['/admin/tasks/../../evil', false],
  ['/admin/tasks/%2e%2E/evil', false],
  ['/admin/tasks//evil.example', false],
  ['/admin/tasks/\\evil.example', false],
  ['/admin/tasks?x\r\nSet-Cookie: a=b', false],
  ['/admin/tasks?x%0d%0aSet-Cookie:a=b', false],
  ['/admin/tasks?x%00', false],
  ['/admin/tasks?é', false],
  ['/admin/tasks?%', false],
  ['/admin/tasks?<script>', false],
])('%j is the page of the tasks: %s', (url, expected) =>
  expect(isPageOf('/admin/tasks', url)).toBe(expected),
);
