import { describe, expect, test } from 'vitest';
import { checkUrl } from './receiver-url.ts';

const strict = (url: string) => checkUrl(url, { allowPrivate: false });
const development = (url: string) => checkUrl(url, { allowPrivate: true });

test.each([
  ['https://hooks.example/emporium?shop=1', 'https://hooks.example/emporium?shop=1'],
  ['https://hooks.example:8443', 'https://hooks.example:8443/'],
  [' HTTPS://Hooks.Example ', 'https://hooks.example/'],
  ['https://8.8.8.8/', 'https://8.8.8.8/'],
  ['https://[2a00:1450:4001::1]/', 'https://[2a00:1450:4001::1]/'],
])('%s is accepted', (given, href) => {
  const checked = strict(given);
  expect(checked.kind === 'accepted' && checked.url.href).toBe(href);
});

describe('without permission for private addresses', () => {
  test.each([
    ['loopback', '127.0.0.1'],
    ['all of loopback', '127.255.255.254'],
    ['loopback in one decimal number', '2130706433'],
    ['loopback in octal', '0177.0.0.1'],
    ['loopback in one octal number', '017700000001'],
    ['loopback in hexadecimal', '0x7f.0.0.1'],
    ['loopback in one hexadecimal number', '0x7f000001'],
    ['a short form', '127.1'],
    ['a dot at the end', '127.0.0.1.'],
    ['percent-encoding', '%31%32%37.0.0.1'],
    ['full-width digits', '１２７.０.０.１'],
    ['localhost', 'localhost'],
    ['localhost with a dot', 'localhost.'],
    ['a name below localhost', 'db.LocalHost'],
    ['any address', '0.0.0.0'],
    ['this network', '0.1.2.3'],
    ['private 10/8', '10.1.2.3'],
    ['private 172.16/12', '172.31.255.255'],
    ['private 192.168/16', '192.168.0.1'],
    ['link-local, where clouds have their metadata', '169.254.169.254'],
    ['shared (CGNAT)', '100.64.0.1'],
    ['multicast', '224.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['reserved', '240.0.0.1'],
    ['documentation', '203.0.113.9'],
    ['benchmarks', '198.18.0.1'],
    ['IETF assignments', '192.0.0.8'],
    ['IPv6 loopback', '[::1]'],
    ['IPv6 unspecified', '[::]'],
    ['IPv6 link-local', '[fe80::1]'],
    ['IPv6 unique local', '[fd12:3456::1]'],
    ['IPv6 site-local', '[fec0::1]'],
    ['IPv6 multicast', '[ff02::1]'],
    ['IPv6 documentation', '[2001:db8::1]'],
    ['new IPv6 documentation', '[3fff::1]'],
    ['IPv4-mapped', '[::ffff:127.0.0.1]'],
    ['IPv4-mapped in hexadecimal', '[::ffff:7f00:1]'],
    ['IPv4-mapped of a public address', '[::ffff:8.8.8.8]'],
    ['IPv4-compatible', '[::127.0.0.1]'],
    ['NAT64', '[64:ff9b::7f00:1]'],
    ['local NAT64', '[64:ff9b:1::7f00:1]'],
    ['6to4', '[2002:7f00:1::]'],
    ['Teredo', '[2001::1]'],
    ['discard-only', '[100::1]'],
    ['unassigned IPv6', '[4000::1]'],
    ['segment routing', '[5f00::1]'],
  ])('%s is refused: %s', (_, host) => {
    expect(strict(`https://${host}/`)).toEqual({
      kind: 'refused',
      message: expect.stringMatching(/^must not lead to .*, which is not an address of the public internet$/),
    });
    expect(strict(`https://${host}:8443/`).kind).toBe('refused');
  });

  test('plain HTTP is refused', () =>
    expect(strict('http://hooks.example/')).toEqual({ kind: 'refused', message: 'must begin with https:' }));
});

test('with permission, plain HTTP and private addresses are accepted', () => {
  for (const url of ['http://127.0.0.1:8080/', 'https://localhost/', 'http://[::1]:1/', 'http://10.0.0.1/'])
    expect(development(url).kind).toBe('accepted');
});

test.each([
  ['no URL', 'hooks', 'must be a URL that begins with https:'],
  ['nothing', '', 'must be a URL that begins with https:'],
  ['another scheme', 'ftp://hooks.example/', 'must be a URL that begins with https:'],
  ['a file', 'file:///etc/passwd', 'must be a URL that begins with https:'],
  ['a script', 'javascript:alert(1)', 'must be a URL that begins with https:'],
  ['a zone', 'https://[fe80::1%25eth0]/', 'must be a URL that begins with https:'],
  ['a port out of range', 'https://hooks.example:70000/', 'must be a URL that begins with https:'],
  ['a number that is no address', 'https://1.2.3.4.5/', 'must be a URL that begins with https:'],
  ['credentials', 'https://user:word@hooks.example/', 'must not contain a user name or password'],
  [
    'a user that looks like a host',
    'https://hooks.example@10.0.0.1/',
    'must not contain a user name or password',
  ],
  ['a fragment', 'https://hooks.example/#top', 'must not contain a fragment'],
  ['a long one', `https://hooks.example/${'x'.repeat(2_000)}`, 'must have 2000 characters or less'],
])('%s is invalid everywhere: %s', (_, url, message) => {
  for (const check of [strict, development]) expect(check(url)).toEqual({ kind: 'invalid', message });
});
