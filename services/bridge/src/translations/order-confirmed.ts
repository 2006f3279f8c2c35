import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { Data, Money, orderConfirmed } from '@emporium/contracts';
import {
  type MoneySchema,
  OrderConfirmedSchema,
} from '../generated/emporium/warehouse/v1/order_confirmed_pb.ts';

/** Our event: what identifies it, when it happened, and its data. */
export interface ConfirmedOrder {
  readonly eventId: string;
  readonly confirmedAt: Date;
  readonly data: Data<typeof orderConfirmed>;
}

/** The name of the message in Protocol Buffers: `emporium.warehouse.v1.OrderConfirmed`. */
export const orderConfirmedName: string = OrderConfirmedSchema.typeName;

/** The bytes of a confirmed order for a warehouse, as in `proto/`. Throws when a number does not fit its field. */
export const encodeOrderConfirmed = ({ eventId, confirmedAt, data }: ConfirmedOrder): Uint8Array =>
  toBinary(
    OrderConfirmedSchema,
    create(OrderConfirmedSchema, {
      eventId,
      orderId: data.orderId,
      customerId: data.customerId,
      confirmedAt: timestampFromDate(confirmedAt),
      lines: data.lines.map(({ sku, quantity, unitPrice }) => ({
        sku,
        quantity,
        unitPrice: moneyFrom(unitPrice),
      })),
      total: moneyFrom(data.total),
    }),
  );

const moneyFrom = ({ amount, currency }: Money): MessageInitShape<typeof MoneySchema> => ({
  minorUnits: BigInt(amount),
  currencyCode: currency,
});
