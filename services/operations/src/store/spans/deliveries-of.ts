import { attribute } from '@emporium/telemetry';
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../tables.ts';

/** One handing of a message to a service, as its span tells it. */
export interface RecordedDelivery {
  readonly service: string;
  /** `ack`, `retry` or `dead-letter`. */
  readonly settlement: string;
  /** When it ended. */
  readonly at: Date;
  readonly error: string | undefined;
}

export interface DeliveriesOf {
  readonly correlationId: string;
  readonly subscription: string;
  readonly messageId: string;
  readonly since: Date;
}

const maxScanned = 50_000;
const most = 100;

/** The newest deliveries of one message to one subscription that began after `since`, newest first. */
export const deliveriesOf = async (
  db: Kysely<Tables>,
  { correlationId, subscription, messageId, since }: DeliveriesOf,
): Promise<readonly RecordedDelivery[]> => {
  const { rows } = await sql<{ service: string; settlement: string; ended_us: number; error: string | null }>`
    select service, attributes ->> ${attribute.settlement} as settlement, started_us + duration_us as ended_us,
      status_message as error
    from (
      select * from span where correlation_id = ${correlationId} limit ${maxScanned}
    ) as found
    where kind = 'consumer' and started_us > ${since.getTime() * 1_000}
      and attributes ->> ${attribute.messageId} = ${messageId}
      and attributes ->> ${attribute.subscription} = ${subscription}
      and attributes ->> ${attribute.settlement} is not null
    order by started_us desc limit ${most}`.execute(db);
  return rows.map(({ service, settlement, ended_us, error }) => ({
    service,
    settlement,
    at: new Date(ended_us / 1_000),
    error: error ?? undefined,
  }));
};
