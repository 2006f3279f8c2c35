import type { ColumnType, GeneratedAlways } from 'kysely';
import type { LedgerEntry, Payment } from '../domain/payment.ts';

export interface Tables {
  payment: PaymentTable;
  payment_ledger: PaymentLedgerTable;
}

export interface PaymentTable {
  order_id: string;
  state: Payment;
  status: GeneratedAlways<Payment['status']>;
}

export interface PaymentLedgerTable {
  id: GeneratedAlways<number>;
  at: ColumnType<Date, Date, never>;
  order_id: string;
  /** The id at the provider. */
  authorisation_id: string;
  entry: LedgerEntry['entry'];
  amount: number;
  currency: string;
  /** Empty unless this is a refund. */
  refund_id: string;
}
