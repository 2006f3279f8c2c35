import { catalogue } from '@emporium/bus';

export const eventStoreErrors = catalogue('event-store', {
  version_conflict: { settle: 'retry', message: 'The stream has moved on' },
  unknown_shape: { settle: 'retry', message: 'A newer release wrote this event' },
});
