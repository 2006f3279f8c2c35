import { commitReservation } from '@emporium/contracts';
import { commit } from '../domain/reservation.ts';
import { handle } from '../store/handlers.ts';
import { reservations } from '../store/reservations.ts';
import { reply } from './reply.ts';

export const onCommitReservation = handle(commitReservation, reservations, ({ data }, stock) =>
  reply(data.orderId, commit(stock)),
);
