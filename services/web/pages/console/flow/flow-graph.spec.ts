import { describe, expect, test } from 'vitest';
import { edgeOfMessage, type FlowSources, flowGraph, rateText } from './flow-graph.ts';
import { curveThrough } from './flow-layout.ts';

const message = (name: string, publishers: string[], subscriptions: string[]) => ({
  ...{ name, kind: 'event' as const, publishers, subscriptions },
});
const subscription = (name: string, state: 'active' | 'paused' = 'active') => ({
  ...{ name, state, service: name.split('.')[0] ?? '', pausable: true },
});
const seenEdge = { kind: 'message' as const, count: 60, ratePerSecond: 1, errors: 2, p50Ms: 5, p95Ms: 9 };
const sources: FlowSources = {
  registry: {
    messages: [
      message('stock.reserved', ['inventory'], ['order.replies']),
      message('payment.authorised', ['payment'], ['order.replies']),
      message('product.listed', ['inventory'], ['order.prices']),
      message('subscription.paused', ['operations'], ['order.control']),
    ],
  },
  subscriptions: [
    subscription('order.replies', 'paused'),
    subscription('order.prices'),
    subscription('order.control'),
  ],
  seen: {
    ...{ seconds: 60, cut: false },
    nodes: [{ name: 'clients', kind: 'clients', spans: 0, errors: 0 }],
    edges: [
      { from: 'inventory', to: 'order', via: 'order.replies', ...seenEdge },
      { from: 'clients', to: 'gateway', ...seenEdge, kind: 'request' },
    ],
  },
  queues: { brokers: [], queues: [{ subscription: 'order.replies', waiting: 7, unacked: 1 }] },
};
const shown = { controls: false, requests: false };

describe('the graph of the flow', () => {
  test('has an edge for two services, with a lane for each subscription', () => {
    const { edges } = flowGraph(sources, shown);
    expect(edges.map(({ id }) => id)).toEqual(['inventory~order', 'payment~order']);
    expect(edges[0]).toMatchObject({ ratePerSecond: 1, errors: 2, waiting: 7, isPaused: true });
    expect(edges[0]?.lanes).toMatchObject([
      { subscription: 'order.replies', contracts: ['stock.reserved'], count: 60, queue: { unacked: 1 } },
      { subscription: 'order.prices', contracts: ['product.listed'], count: 0 },
    ]);
  });

  test('what waits is counted once at the service', () => {
    const { nodes } = flowGraph(sources, shown);
    expect(nodes.map(({ name, waiting }) => [name, waiting])).toEqual([
      ['inventory', 0],
      ['order', 7],
      ['payment', 0],
    ]);
  });

  test('control messages and requests are added where they are wanted', () => {
    const ids = (controls: boolean, requests: boolean) =>
      flowGraph(sources, { controls, requests }).edges.map(({ id }) => id);
    expect(ids(true, false)).toContain('operations~order');
    expect(ids(false, true)).toContain('clients~gateway~request');
  });

  test('without figures it is the registry alone', () => {
    const { edges } = flowGraph({ ...sources, seen: undefined, queues: undefined }, shown);
    expect(edges[0]).toMatchObject({ ratePerSecond: 0, waiting: 0 });
  });

  test('a message takes the edge from its owner to its subscription, whatever its version', () => {
    const graph = flowGraph(sources, shown);
    const edgeOf = (type: string) => edgeOfMessage({ type, subscription: 'order.replies' }, graph)?.id;
    expect(edgeOf('payment.authorised.v2')).toBe('payment~order');
    expect(edgeOf('unknown')).toBeUndefined();
  });

  test.each([
    [0, ''],
    [0.001, '1/min'],
    [0.05, '3/min'],
    [3.24, '3.2/s'],
    [120.4, '120/s'],
  ])('a rate of %d is %j', (rate, text) => expect(rateText(rate)).toBe(text));
});

describe('a line', () => {
  const point = (x: number) => ({ x, y: 0 });
  test('goes through its points', () => {
    expect(curveThrough([])).toBe('');
    expect(curveThrough([point(0)])).toBe('M0,0');
    expect(curveThrough([point(0), point(4), point(8)])).toBe('M0,0 C2,0 2,0 4,0 C6,0 6,0 8,0');
  });
});
