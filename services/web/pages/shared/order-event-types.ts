/** The events of an order that its stream has. */
export const orderEventTypes = [
  ...['placed', 'step-recorded', 'confirmed', 'completed', 'delivered'],
  ...['cancellation-begun', 'cancelled', 'parked', 'resumed'],
  ...[
    'refund-requested',
    'refund-step-recorded',
    'refund-parked',
    'refund-resumed',
    'refund-abandoned',
    'refunded',
  ],
];
