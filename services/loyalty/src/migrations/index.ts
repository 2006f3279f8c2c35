import { eventStoreMigrations } from '@emporium/event-store';
import { type Migrations, statements } from '@emporium/store';

export const migrations: Migrations = {
  ...eventStoreMigrations,
  // A customer may have any number of orders.
  '001-entries-of-orders': statements(`create index event_order on event (stream, (data ->> 'orderId'))`),
};
