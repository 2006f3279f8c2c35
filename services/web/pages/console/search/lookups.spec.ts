import { describe, expect, test } from 'vitest';
import { lookupsFor } from './lookups.ts';

const uuid = '01a22880-113b-725c-985f-738cc3e117bb';
const asked = (id: string) => lookupsFor(id).map(({ what }) => what);
const lookup = (id: string, what: string) => lookupsFor(id).find((each) => each.what === what);

describe('the search for an id', () => {
  test('asks by the form of the id', () => {
    expect(asked(uuid)).toEqual([
      'an order',
      'a saga or a refund',
      'a dead letter',
      'a customer',
      'a correlation id',
      'a message of the last hour',
      'a product',
    ]);
    expect(asked('0af7651916cd43dd8448eb211c80319c')).toContain('a trace');
    expect(asked('MUG-1')).toEqual(['a correlation id', 'a message of the last hour', 'a product']);
    expect(asked('مرحبا <b>')).toEqual(['a product']);
  });

  test('an id is never a part of the path as it is', () => {
    expect(lookupsFor('../x?y').every(({ path }) => !path.includes('../x?y'))).toBe(true);
  });

  test('the saga of an order is no second page', () => {
    const saga = lookup(uuid, 'a saga or a refund');
    expect(saga?.found({ id: uuid, orderId: uuid, saga: 'fulfilment' })).toEqual([]);
    expect(saga?.found({ id: uuid, orderId: 'another', saga: 'refund' })).toMatchObject([
      { href: `/console/sagas/${uuid}` },
    ]);
  });

  test('the deliveries of one message lead to one page', () => {
    const found = lookup('m1', 'a message of the last hour')?.found({
      messages: [
        { traceId: 't1', correlationId: 'c1', type: 'order.placed' },
        { traceId: 't1', correlationId: 'c1', type: 'order.placed' },
      ],
    });
    expect(found).toEqual([{ what: 'message', href: '/console/traces/c1', text: 'order.placed' }]);
  });

  test('a product is found by its sku, in any case', () => {
    const products = [{ sku: 'MUG-1', name: 'Mug' }];
    expect(lookup('mug-1', 'a product')?.found({ products })).toMatchObject([{ href: '/?q=MUG-1' }]);
    expect(lookup('PEN-1', 'a product')?.found({ products })).toEqual([]);
  });
});
