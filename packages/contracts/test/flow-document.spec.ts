import { describe, expect, test } from 'vitest';
import { flowGraph, flowMermaid } from '../src/documents/index.ts';
import { shop } from '../src/index.ts';

const graph = flowGraph(shop);
const names = new Set(graph.messages.map(({ name }) => name));

describe('the flow graph of the shop', () => {
  test('has each message once, whatever its versions', () => {
    expect([...names].toSorted()).toEqual([...new Set(shop.contracts.map(({ name }) => name))].toSorted());
    expect(graph.messages).toHaveLength(names.size);
  });

  test('begins with requests, and every command that a saga sends later follows from something', () => {
    const begins = graph.messages.filter((message) => message.begins).map(({ name }) => name);
    expect(begins).toEqual(
      expect.arrayContaining(['order.placed', 'inventory.reserve-stock', 'user_registrations']),
    );
    for (const later of ['payment.authorise', 'payment.capture', 'shipping.dispatch-order'])
      expect(begins).not.toContain(later);
    // Of a request, and of a command: what may follow from another message is not among the beginnings.
    expect(begins).not.toContain('user.registered');
  });

  test('says who handles a message, and what may follow', () => {
    expect(graph.messages).toContainEqual({
      name: 'inventory.reserve-stock',
      kind: 'command',
      publishers: ['order'],
      subscriptions: ['inventory.commands'],
      begins: true,
    });
    expect(graph.reactions).toContainEqual({
      subscription: 'inventory.commands',
      to: 'inventory.reserve-stock',
      leadsTo: ['stock.reserved', 'stock.rejected'],
      repeats: [],
    });
  });

  test('is drawn with an arrow for each thing that follows, between nodes that exist', () => {
    const lines = flowMermaid(graph).split('\n');
    expect(lines[0]).toBe('flowchart LR');
    expect(lines).toContain('  inventory_reserve_stock --> stock_reserved');
    expect(lines).toContain('    inventory_reserve_stock{{"inventory.reserve-stock"}}');
    expect(lines).toContain('  user_registered --> to_email_welcome(["email.welcome"])');
    const nodes = new Set(lines.flatMap((line) => /^ {4}(\w+)[[{]/.exec(line)?.[1] ?? []));
    for (const line of lines) {
      const [, from, to] = /^ {2}(\w+) (?:-->|-\. .* \.->) (\w+)/.exec(line) ?? [];
      if (from === undefined || to === undefined) continue;
      expect(nodes).toContain(from);
      if (!to.startsWith('to_')) expect(nodes).toContain(to);
    }
  });
});
