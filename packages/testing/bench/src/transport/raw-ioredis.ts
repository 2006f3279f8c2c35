import { Redis } from 'ioredis';
import { body, type Contender, createRoundTrip, idOf, inFlight, unsettled } from './contender.ts';

const stream = 'raw:queue';
const group = 'raw';
const blockMs = 1_000;

/** The reply to XREADGROUP: the entries of each stream. */
type Read = readonly (readonly [stream: Buffer, entries: readonly Entry[]])[] | null;
type Entry = readonly [id: Buffer, fields: readonly Buffer[]];

/** What a handler needs of an entry, with texts instead of buffers. */
interface Message {
  readonly entry: Buffer;
  readonly id: string | undefined;
  readonly type: string | undefined;
  readonly key: string | undefined;
  readonly body: Buffer | undefined;
}

const messageOf = ([entry, [, id, , type, , key, , content]]: Entry): Message => ({
  entry,
  id: id?.toString(),
  type: type?.toString(),
  key: key?.toString(),
  body: content,
});

/**
 * ioredis alone: a stream with a consumer group, published to in pipelines and read in blocks. Acked entries are deleted in the same
 * transaction, since they would fill the memory.
 */
export const openRawIoredis = async (url: string): Promise<Contender> => {
  const commands = new Redis(url);
  const reading = new Redis(url, { protocol: 2 }); // the reply to `callBuffer` has another shape in RESP3
  await commands.xgroup('CREATE', stream, group, '0', 'MKSTREAM');

  const publish = async (first: number, count: number): Promise<void> => {
    const pipeline = commands.pipeline();
    for (let index = first; index < first + count; index += 1) {
      const key = String(index % 1_000);
      const fields = ['id', idOf(index), 'type', 'shipment.delivered', 'key', key, 'body', body];
      pipeline.xadd(stream, 'NOMKSTREAM', '*', ...fields);
    }
    for (const [error, id] of (await pipeline.exec()) ?? []) {
      if (error !== null || id === null) throw error ?? new Error('the stream is gone');
    }
  };

  const take = async (): Promise<readonly Message[]> => {
    const args = ['GROUP', group, 'raw', 'COUNT', unsettled, 'BLOCK', blockMs, 'STREAMS', stream, '>'];
    const read = (await reading.callBuffer('XREADGROUP', ...args)) as Read; // as the server documents it
    return (read?.[0]?.[1] ?? []).map(messageOf);
  };

  const ack = async (entries: readonly Message[]): Promise<void> => {
    if (entries.length === 0) return;
    const ids = entries.map(({ entry }) => entry);
    const results = await commands
      .multi()
      .xack(stream, group, ...ids)
      .xdel(stream, ...ids)
      .exec();
    for (const [error] of results ?? []) if (error !== null) throw error;
  };

  return {
    publish: async (count) => {
      for (let sent = 0; sent < count; sent += inFlight)
        await publish(sent, Math.min(inFlight, count - sent));
    },
    drain: async (count) => {
      let entries = await take();
      const start = performance.now();
      for (let received = entries.length; received < count; received += entries.length) {
        [entries] = await Promise.all([take(), ack(entries)]);
      }
      await ack(entries);
      return performance.now() - start;
    },
    listen: async () => {
      const trip = createRoundTrip(() => publish(0, 1));
      let stopped = false;
      const takeAll = async (): Promise<void> => {
        while (!stopped) {
          const entries = await take();
          for (const _ of entries) trip.onDelivery();
          await ack(entries);
        }
      };
      const taking = takeAll();
      return {
        roundTrip: trip.roundTrip,
        stop: async () => {
          stopped = true;
          await taking;
        },
      };
    },
    close: async () => {
      await Promise.all([commands.quit(), reading.quit()]);
    },
  };
};
