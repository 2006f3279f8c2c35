import { handlersFor } from '@emporium/store';
import type { OrderTables } from './tables.ts';

export const { handle, unitOfWork } = handlersFor<OrderTables>();
