import { maxBodyBytes, truncatedBodyBytes } from '@emporium/bus';
import { createBatcher, type Settling, storedFacts } from '@emporium/bus/transport';
import type { Connection } from '../connection.ts';
import type { Entry } from '../entry.ts';
import { deadLetters } from '../schema.ts';

/** Available acks are one statement. */
const maxAcks = 500;

/** Settles the messages of one subscription. Settling a message that another instance has settled changes nothing. */
export const createSettling = (
  { settling, session, retryWhileAway }: Connection,
  { id, name }: { readonly id: number; readonly name: string },
): Settling<Entry> => {
  const acks = createBatcher<Entry>(
    async (entries) => {
      const partitions = entries.map(({ partition }) => partition);
      const rows = entries.map(({ row }) => row);
      await retryWhileAway(() => settling.query(ack, [id, partitions, rows]));
    },
    { maxItems: maxAcks },
  );

  const idOf = ({ partition, row }: Entry) => [id, partition, row];

  return {
    ack: (entry) => acks.add(entry),
    retry: async (entry, delayMs) => {
      await retryWhileAway(() => settling.query(retry, [...idOf(entry), entry.attempt + 1, delayMs]));
    },
    deadLetter: async (entry, reason) => {
      const { attempt, position, size } = entry;
      const facts = storedFacts({ subscription: name, attempt, position, size }, reason);
      await retryWhileAway(() => settling.query(deadLetter, [...idOf(entry), JSON.stringify(facts)]));
      session.notify([deadLetters]);
    },
  };
};

const ack = {
  name: 'bus-ack',
  text: `
    delete from bus.message m using unnest($2::smallint[], $3::bigint[]) as acked (partition, id)
    where m.subscription_id = $1 and m.partition = acked.partition and m.id = acked.id`,
};

const retry = {
  name: 'bus-retry',
  text: `
    update bus.message set attempt = $4::int, visible_at = clock_timestamp() + $5::float8 * interval '1 ms'
    where subscription_id = $1 and partition = $2 and id = $3`,
};

const deadLetter = {
  name: 'bus-dead-letter',
  text: `
    update bus.message set subscription_id = ${deadLetters}, partition = 0, attempt = 1, visible_at = null,
      body = case when octet_length(body) <= ${maxBodyBytes} then body else substring(body from 1 for ${truncatedBodyBytes}) end,
      letter = $4::jsonb || jsonb_build_object('failedAt', to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
    where subscription_id = $1 and partition = $2 and id = $3`,
};
