import {
  busErrors,
  createGrouper,
  type Grouper,
  maxBodyBytes,
  storableText,
  truncatedBodyBytes,
} from '@emporium/bus';
import type { DeadLetterReason, Settling } from '@emporium/bus/transport';
import type { Connection } from './connection.ts';
import type { Entry } from './entry.ts';
import { deadLetters } from './schema.ts';

/** Acks that are at hand together are one statement. */
const mostAcks = 500;

/** Settles the messages of one subscription. Settling a message that another instance settled before changes nothing. */
export const createSettling = (
  { settling, session, patiently }: Connection,
  { id, name }: { readonly id: number; readonly name: string },
): Settling<Entry> => {
  const acks: Grouper<Entry, void> = createGrouper(
    async (entries) => {
      const partitions = entries.map(({ partition }) => partition);
      const rows = entries.map(({ row }) => row);
      await patiently(() => settling.query(ack, [id, partitions, rows]));
      return entries.map(() => ({ status: 'fulfilled', value: undefined }));
    },
    { maxItems: mostAcks },
  );

  const placeOf = ({ partition, row }: Entry) => [id, partition, row];

  return {
    ack: (entry) => acks.add(entry),
    retry: async (entry, delayMs) => {
      await patiently(() => settling.query(retry, [...placeOf(entry), entry.attempt + 1, delayMs]));
    },
    deadLetter: async (entry, reason) => {
      const isTooBig = entry.size > maxBodyBytes;
      const { code, message }: DeadLetterReason = isTooBig
        ? busErrors.message_too_big({ bytes: entry.size, limit: maxBodyBytes })
        : reason;
      const letter = {
        subscription: name,
        code,
        message: storableText(message, 500),
        attempts: entry.attempt,
        position: entry.position,
        ...(isTooBig ? { truncatedFrom: entry.size } : {}),
      };
      await patiently(() => settling.query(setAside, [...placeOf(entry), JSON.stringify(letter)]));
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

const setAside = {
  name: 'bus-dead-letter',
  text: `
    update bus.message set subscription_id = ${deadLetters}, partition = 0, attempt = 1, visible_at = null,
      body = case when octet_length(body) <= ${maxBodyBytes} then body else substring(body from 1 for ${truncatedBodyBytes}) end,
      letter = $4::jsonb || jsonb_build_object('failedAt', to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
    where subscription_id = $1 and partition = $2 and id = $3`,
};
