import { describe, expect, test } from 'vitest';
import { matchPath } from './match-path.ts';

describe('the path of a page', () => {
  test.each<[string, string, Record<string, string> | undefined]>([
    ['/', '/', {}],
    ['/shop/orders', '/shop/orders', {}],
    ['/shop/orders', '/shop/orders/', {}],
    ['/shop/orders/:id', '/shop/orders/7', { id: '7' }],
    ['/shop/orders/:id', '/shop/orders/a%20b%2Fc', { id: 'a b/c' }],
    ['/shop/orders/:id', '/shop/orders', undefined],
    ['/shop/orders/:id', '/shop/orders/', undefined],
    ['/shop/orders/:id', '/shop/orders/7/history', undefined],
    ['/shop/orders/:id', '/shop/orders/%E0%A4', undefined],
    ['/shop/orders', '/shop/ordersx', undefined],
  ])('%s and %s give %j', (pattern, path, parameters) => {
    expect(matchPath(pattern, path)).toEqual(parameters);
  });
});
