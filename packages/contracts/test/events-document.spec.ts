import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { documents } from '../scripts/documents.ts';
import { eventsMarkdown } from '../scripts/events-markdown.ts';
import { command, createRegistry, event, quick, services, shop, subscription } from '../src/index.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

test.each([...documents(shop)])(
  '%s is up to date: run `npm run events` in packages/contracts, and commit the result',
  (path, text) => {
    expect(read(path)).toBe(text);
  },
);

describe('docs/events.md', () => {
  test('lists publishers, senders, handlers, subscriptions and fields', () => {
    const note = z.object({ text: z.string().min(1).max(10), tag: z.enum(['a', 'b']).optional() });
    const placed = event('order.placed', {
      ...{ owner: 'order', version: 1, key: 'id', deprecated: true },
      schema: z.object({ id: z.uuidv7(), count: z.int().min(0), notes: z.array(note).max(3) }),
    });
    const reserve = command('inventory.reserve', {
      ...{ owner: 'inventory', senders: ['order', 'gateway'], version: 1, key: 'id' },
      schema: z.object({ id: z.string() }),
    });
    const page = eventsMarkdown(
      createRegistry({
        contracts: [placed, reserve],
        subscriptions: [
          subscription('inventory.commands', { to: [reserve], retry: quick }),
          subscription('email.orders', { to: [placed], retry: quick, ordered: true }),
        ],
      }),
    );
    for (const line of [
      '| [`order.placed`](#orderplaced) (deprecated) | `id` | order | `email.orders` |',
      '| [`inventory.reserve`](#inventoryreserve) | `id` | order, gateway | `inventory.commands` |',
      '| `email.orders` | [`order.placed`](#orderplaced) | per key | 6 attempts, 100 to 2000 ms |',
      '| `inventory.commands` | [`inventory.reserve`](#inventoryreserve) | none | 6 attempts, 100 to 2000 ms |',
      '| `id` | string, uuid | yes |',
      '| `count` | integer, 0 or more | yes |',
      '| `notes` | array, 0 to 3 | yes |',
      '| `notes[].text` | string, 1 to 10 | yes |',
      '| `notes[].tag` | `a`, `b` | no |',
    ]) {
      expect(page.split('\n')).toContain(line);
    }
  });
});

test('every service that owns something is a folder under services/ or infra/stand-ins/', () => {
  const owners = new Set([...services, ...shop.subscriptions.map(({ service }) => service)]);
  for (const owner of owners) {
    const folder = owner === 'sensor-simulator' ? 'infra/stand-ins' : 'services';
    expect(JSON.parse(read(`${folder}/${owner}/package.json`)).name).toContain(owner);
  }
});
