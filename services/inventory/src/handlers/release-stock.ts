import { releaseStock } from '@emporium/contracts';
import { release } from '../domain/reservation.ts';
import { handle } from '../store/handlers.ts';
import { reservations } from '../store/reservations.ts';
import { reply } from './reply.ts';

export const onReleaseStock = handle(releaseStock, reservations, ({ data }, stock) =>
  reply(data.orderId, release(stock)),
);
