import { attribute } from '@emporium/telemetry';
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../tables.ts';

/** A message that was handed to an instance of a subscription, as its span tells. */
export interface HandledMessage {
  readonly spanId: string;
  readonly traceId: string;
  readonly correlationId: string | null;
  readonly subscription: string;
  readonly messageId: string | null;
  readonly type: string | null;
  readonly service: string;
  /** Microseconds since the epoch. */
  readonly started: number;
  /** In microseconds. */
  readonly duration: number;
  readonly attempt: number | null;
  readonly settlement: string | null;
  readonly isError: boolean;
  readonly error: string | null;
}

export interface DeliveryFilter {
  readonly subscription?: string | undefined;
  readonly messageId?: string | undefined;
  readonly since?: string | undefined;
  readonly limit: number;
}

/** The cost of a filter does not depend on how many messages there are: of so many, the newest, the others are left out. */
const maxScanned = 50_000;

/** Newest first. */
export const readDeliveries = async (
  db: Kysely<Tables>,
  { subscription, messageId, since, limit }: DeliveryFilter,
): Promise<readonly HandledMessage[]> => {
  const from = since === undefined ? 0 : new Date(since).getTime() * 1_000;
  const ofSubscription = sql<string | null>`attributes ->> ${attribute.subscription}`;
  const { rows } = await sql<HandledMessage>`
    select span_id as "spanId", replace(trace_id::text, '-', '') as "traceId", correlation_id as "correlationId",
      ${ofSubscription} as subscription, attributes ->> ${attribute.messageId} as "messageId",
      attributes ->> ${attribute.messageType} as type, service, started_us as started, duration_us as duration,
      (attributes ->> ${attribute.attempt})::int as attempt, attributes ->> ${attribute.settlement} as settlement,
      is_error as "isError", status_message as error
    from (
      select * from span where kind = 'consumer' and started_us >= ${from} order by started_us desc limit ${maxScanned}
    ) as handled
    where ${ofSubscription} is not null
      ${subscription === undefined ? sql`` : sql`and ${ofSubscription} = ${subscription}`}
      ${messageId === undefined ? sql`` : sql`and attributes ->> ${attribute.messageId} = ${messageId}`}
    order by started_us desc limit ${limit}`.execute(db);
  return rows;
};
