import { describe, expect, test } from 'vitest';
import { eventually, type ShopClient } from '../../src/index.ts';
import type { ShopUnderTest } from './shop-under-test.ts';

/** What the shop keeps itself of a request: `GET /api/admin/trace/:correlationId`. */
export const traceCases = (shop: () => ShopUnderTest): void => {
  describe('the trace of a request', () => {
    test('is one tree from the placing of an order to its last mail, through every service', async () => {
      const { client, customer, place } = shop();
      const ada = await customer();
      const { orderId } = await client.settled(ada, await place(ada));
      const { correlationId = '' } = await client.adminOrder(orderId);
      const [trace, ...others] = await eventually(
        'the spans of what happens last have arrived',
        () => tracesOf(client, correlationId),
        ([tree]) =>
          (tree?.spans.filter(({ kind }) => kind === 'mail').length ?? 0) >= 2 &&
          tree?.spans.some(({ service }) => service === 'loyalty') === true,
        30_000,
      );
      expect(others).toEqual([]);
      const spans = trace?.spans ?? [];
      expect(spans[0]).toMatchObject({
        service: 'gateway',
        kind: 'request',
        name: 'POST /api/orders',
        depth: 0,
      });
      expect(spans.filter(({ depth }) => depth === 0)).toHaveLength(1);
      expect(spans.filter(({ parentMissing }) => parentMissing)).toEqual([]);
      expect(trace?.leftOut).toBe(0);
      const services = new Set(spans.map(({ service }) => service));
      expect([...services].sort()).toEqual(
        expect.arrayContaining([
          'email',
          'email-worker',
          'gateway',
          'inventory',
          'loyalty',
          'order',
          'payment',
          'shipping',
        ]),
      );
      const kinds = new Set(spans.map(({ kind }) => kind));
      for (const kind of [
        'call',
        'message created',
        'message published',
        'message handled',
        'transaction',
        'task',
        'mail',
      ])
        expect([...kinds]).toContain(kind);
    });

    test('is in the list of the newest, and its services are in the graph', async () => {
      const { client } = shop();
      const { traces } = await client.asAdmin<{ traces: { name: string }[] }>(
        'GET',
        '/api/admin/traces?limit=100',
      );
      expect(traces.map(({ name }) => name)).toContain('POST /api/orders');
      const { edges } = await client.asAdmin<{ edges: object[] }>(
        'GET',
        '/api/admin/service-graph?seconds=3600',
      );
      expect(edges).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ from: 'clients', to: 'gateway', kind: 'request' }),
          expect.objectContaining({ from: 'order', to: 'inventory', via: 'inventory.commands' }),
          expect.objectContaining({ from: 'payment', to: 'the payment provider', kind: 'request' }),
        ]),
      );
    });
  });
};

interface Trace {
  readonly leftOut: number;
  readonly spans: readonly {
    readonly depth: number;
    readonly kind: string;
    readonly service: string;
    readonly name: string;
    readonly parentMissing?: true;
  }[];
}

/** None while no span has arrived. */
const tracesOf = async (client: ShopClient, correlationId: string): Promise<readonly Trace[]> => {
  const { status, body } = await client.http.request<{ traces: readonly Trace[] }>(
    'GET',
    `/api/admin/trace/${correlationId}`,
    { token: await client.adminLogin() },
  );
  return status === 404 ? [] : body.traces;
};
