import type { Projection } from '@emporium/event-store';
import { customerOrders } from './customer-orders.ts';
import { operations } from './operations.ts';
import { productSales } from './product-sales.ts';

/** All read models of this service, which are built from its events. */
export const projections: readonly Projection[] = [customerOrders, operations, productSales];
