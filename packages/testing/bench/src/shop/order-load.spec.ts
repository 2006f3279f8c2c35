import { expect, test } from 'vitest';
import { runOrders } from './order-load.ts';

test('`open` orders are open at a time, and each is measured from its POST to its completion', async () => {
  let placed = 0;
  let open = 0;
  let maxOpen = 0;
  const times = await runOrders({
    orders: 30,
    open: 10,
    place: async () => {
      placed += 1;
      open += 1;
      maxOpen = Math.max(maxOpen, open);
      return `order-${placed}`;
    },
    completions: {
      of: async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        open -= 1;
        return Date.now() + 1_000;
      },
      close: async () => {},
    },
  });
  expect(placed).toBe(30);
  expect(maxOpen).toBe(10);
  expect(times.answered).toHaveLength(30);
  expect(Math.min(...times.completed)).toBeGreaterThanOrEqual(1_000);
  expect(times.rate).toBeLessThanOrEqual(30);
});
