import { cancellation } from '@emporium/contracts';
import { expect, test } from 'vitest';
import { cancellationKind } from './cancellation-kind.ts';

test('every reason for a cancellation is one of the business or a technical one', () => {
  const kinds = Object.fromEntries(cancellation.options.map((each) => [each, cancellationKind(each)]));
  expect(kinds).toEqual({
    'out-of-stock': 'business',
    'payment-declined': 'business',
    'shipping-failed': 'business',
    'customer-request': 'business',
    'timed-out': 'technical',
  });
});
