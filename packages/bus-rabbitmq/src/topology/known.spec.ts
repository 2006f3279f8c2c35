import { createRegistry, patient, quick, subscription, userRegistered } from '@emporium/contracts';
import { expect, test } from 'vitest';
import { createKnown } from './known.ts';
import { layoutFor } from './layout.ts';

const mails = subscription('email.orders', { to: [userRegistered], retry: quick });
const copies = subscription('order.copies', { to: [userRegistered], retry: patient, ordered: true });
const registry = createRegistry({ contracts: [userRegistered], subscriptions: [mails] });

const namesOf = (queues: readonly { readonly name: string }[]) => queues.map(({ name }) => name);

test('an exchange is known with every queue that is registered or was seen, and with nothing else', () => {
  const known = createKnown(registry);
  known.add(layoutFor(copies));
  const { exchanges, queues, bindings } = known.around('user-registration.events');
  expect(namesOf(exchanges)).toEqual(['user-registration.events']);
  expect(namesOf(queues)).toEqual([
    'email.orders',
    ...Array.from({ length: 8 }, (_, n) => `order.copies.${n}`),
  ]);
  expect(bindings).toHaveLength(9);
  expect(bindings.every(({ exchange }) => exchange === 'user-registration.events')).toBe(true);
});

test('nothing is known of an exchange that is not registered', () => {
  const nothing = { exchanges: [], queues: [], bindings: [] };
  expect(createKnown(registry).around('payment.events')).toEqual(nothing);
  expect(createKnown(undefined).around('user-registration.events')).toEqual(nothing);
});
