import { catalogue } from '@emporium/bus';

export const eventStoreErrors = catalogue('event-store', {
  version_conflict: { settle: 'retry', message: 'The stream has moved on' },
});
