import { eventually } from '@emporium/e2e';
import pg from 'pg';

/** Mails of each order: confirmed, dispatched, delivered. */
const anOrder = 3;
const timeoutMs = 120_000;

/** Resolves when every mail of so many orders was sent, as the email service has it on record. */
export const mailsAreSent = async (orders: number, databaseUrl: string): Promise<void> => {
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on('error', () => undefined); // the call that meets it rejects
  await client.connect();
  try {
    await eventually(
      `the mails of ${orders} orders are sent`,
      async () => Number((await client.query<{ mails: string }>(sent)).rows[0]?.mails),
      (mails) => mails >= orders * anOrder,
      timeoutMs,
    );
  } finally {
    await client.end();
  }
};

const sent =
  "select count(*) as mails from mail where template = 'order-confirmed' or template like 'shipment-%'";
