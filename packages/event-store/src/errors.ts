import { catalogue } from '@emporium/bus';

export const eventStoreErrors = catalogue('event-store', {
  version_conflict: { settle: 'retry', message: 'The stream has moved on' },
  event_not_applied: { settle: 'retry', message: 'A projection stops at an event that it cannot apply' },
  unknown_shape: { settle: 'retry', message: 'A newer release wrote this event' },
});
