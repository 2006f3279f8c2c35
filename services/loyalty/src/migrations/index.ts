import { eventStoreMigrations } from '@emporium/event-store';
import type { Migrations } from '@emporium/store';

export const migrations: Migrations = { ...eventStoreMigrations };
