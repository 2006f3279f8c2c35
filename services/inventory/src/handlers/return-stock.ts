import { returnStock } from '@emporium/contracts';
import { returnSold } from '../domain/returns.ts';
import { handle } from '../store/handlers.ts';
import { reservations } from '../store/reservations.ts';
import { reply } from './reply.ts';

export const onReturnStock = handle(returnStock, reservations, ({ data }, stock) =>
  reply(data.orderId, returnSold(stock, data)),
);
