import {
  orderCancelled,
  orderCompleted,
  orderConfirmed,
  orderParked,
  orderPlaced,
  orderRefunded,
  orderRefundParked,
} from '@emporium/contracts';
import { streamHistory } from '@emporium/event-store';
import { orderFormat } from './store/order-format.ts';
import { publicEvents } from './store/orders.ts';

/** What can be published again to a subscription that was added later: the public events of every order. */
export const orderHistory = streamHistory({
  contracts: [
    orderPlaced,
    orderConfirmed,
    orderCompleted,
    orderCancelled,
    orderParked,
    orderRefunded,
    orderRefundParked,
  ],
  format: orderFormat,
  publicEvents,
});
