import { eventually } from '@emporium/e2e';
import pg from 'pg';

/** The mails of an order: confirmed, dispatched, delivered. */
const mailsPerOrder = 3;
const timeoutMs = 120_000;

/** Resolves when the mails of `orders` orders were sent, by the email service's own records. */
export const mailsAreSent = async (orders: number, databaseUrl: string): Promise<void> => {
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on('error', () => undefined); // the call in progress rejects
  await client.connect();
  try {
    await eventually(
      `the mails of ${orders} orders are sent`,
      async () => Number((await client.query<{ mails: string }>(sent)).rows[0]?.mails),
      (mails) => mails >= orders * mailsPerOrder,
      timeoutMs,
    );
  } finally {
    await client.end();
  }
};

const sent =
  "select count(*) as mails from mail where template = 'order-confirmed' or template like 'shipment-%'";
