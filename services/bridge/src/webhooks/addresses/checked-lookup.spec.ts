import { expect, test } from 'vitest';
import { checkedLookup, RefusedAddress } from './checked-lookup.ts';

const lookup = (addresses: readonly string[], allowPrivate = false, all = true) =>
  new Promise<unknown>((resolve, reject) =>
    checkedLookup(async () => addresses, { allowPrivate })(
      'hooks.example',
      { all },
      (error, found, family) => (error === null ? resolve(all ? found : { found, family }) : reject(error)),
    ),
  );

test('a socket connects to the addresses that were checked', async () => {
  expect(await lookup(['8.8.8.8', '2a00:1450::1'])).toEqual([
    { address: '8.8.8.8', family: 4 },
    { address: '2a00:1450::1', family: 6 },
  ]);
  expect(await lookup(['8.8.8.8'], false, false)).toEqual({ found: '8.8.8.8', family: 4 });
});

test.each([
  '127.0.0.1',
  '10.0.0.1',
  '169.254.169.254',
  '::1',
  'fd00::1',
  '::ffff:10.0.0.1',
  '64:ff9b::a00:1',
  'nonsense',
])('a name that leads to %s is refused, also beside a public address', async (address) => {
  await expect(lookup([address])).rejects.toThrow(RefusedAddress);
  await expect(lookup(['8.8.8.8', address])).rejects.toThrow(`must not lead to ${address}`);
});

test('with permission a name may lead anywhere', async () =>
  expect(await lookup(['127.0.0.1'], true)).toEqual([{ address: '127.0.0.1', family: 4 }]));

test('a name that is not known is an error', async () => {
  const unknown = checkedLookup(async () => Promise.reject(new Error('ENOTFOUND')), { allowPrivate: true });
  await expect(
    new Promise((resolve, reject) =>
      unknown('x.example', { all: true }, (error) => (error ? reject(error) : resolve(0))),
    ),
  ).rejects.toThrow('ENOTFOUND');
});
