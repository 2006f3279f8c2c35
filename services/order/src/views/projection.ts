import { projectionsFor } from '@emporium/event-store';
import type { OrderEvent } from '../domain/order.ts';
import { orderFormat } from '../store/order-format.ts';
import type { OrderTables } from '../store/tables.ts';

export const { projection } = projectionsFor<OrderEvent, OrderTables>(orderFormat);
