import { reserveStock } from '@emporium/contracts';
import { expireReservation, reserve } from '../domain/reservation.ts';
import { handle } from '../store/handlers.ts';
import { reservations } from '../store/reservations.ts';
import { reply } from './reply.ts';

export const onReserveStock = handle(
  reserveStock,
  reservations,
  ({ data }, stock) => reply(data.orderId, reserve(stock, data.lines)),
  { expired: ({ data }, stock) => reply(data.orderId, expireReservation(stock)) },
);
