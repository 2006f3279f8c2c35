import {
  busErrors,
  createGrouper,
  Fault,
  maxBodyBytes,
  messageOf,
  type PublishResult,
  type TransportMessage,
} from '@emporium/bus';
import type { Message, TopicMessages } from 'kafkajs';
import type { Connection } from './connection.ts';
import { typeOfError } from './health.ts';
import { createBatchWriter } from './kafkajs/batch-writer.ts';
import { openRecordOf, recordOf } from './message-format.ts';
import type { Topics } from './topology/topics.ts';

/** A message and where to write it. */
export interface Routed {
  readonly topic: string;
  readonly message: TransportMessage;
  /** By default the partition of the key. */
  readonly partition?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Written without headers. */
  readonly open?: boolean;
  /** Written without a value: a compacted topic deletes the key. */
  readonly tombstone?: boolean;
}

export interface Publisher {
  /** As `Transport.publish`. */
  publish(messages: readonly Routed[]): Promise<PublishResult[]>;
  /** Refuses new messages, and resolves when those in flight are written. */
  close(): Promise<void>;
}

/** The limits of one request. */
const maxCalls = 1_000;
const maxMessages = 1_000;
const maxBytes = 1024 * 1024;

const accepted: PublishResult = { status: 'accepted' };
const refused = (error: Fault): PublishResult => ({ status: 'refused', error });

export const createPublisher = (connection: Connection, topics: Topics): Publisher => {
  const writer = createBatchWriter(connection);
  const inFlight = new Set<Promise<unknown>>();
  let closed = false;

  // One request is in flight: the messages of one call keep their order, and the next group gathers meanwhile.
  const grouper = createGrouper<readonly Routed[], PublishResult[]>(
    async (calls) => {
      const results: PublishResult[] = [];
      for (const part of partsOf(calls.flat())) {
        for (const result of await write(part)) results.push(result);
      }
      return calls.map(({ length }) => ({ status: 'fulfilled', value: results.splice(0, length) }));
    },
    { maxItems: maxCalls },
  );

  const write = async (messages: readonly Routed[]): Promise<PublishResult[]> => {
    try {
      await connection.patiently(() => topics.ensure(messages.map(({ topic }) => topic)));
      await writer.write(batchOf(messages));
      return messages.map(() => accepted);
    } catch (error) {
      if (error instanceof Fault) return messages.map(() => refused(error));
      return await writeHalves(messages, error);
    }
  };

  /** Writes each half by itself, so that one message that the broker refuses does not fail the others. */
  const writeHalves = async (messages: readonly Routed[], error: unknown): Promise<PublishResult[]> => {
    topics.forget(messages.map(({ topic }) => topic));
    if (messages.length === 1) {
      const [{ message, topic } = { message: undefined, topic: undefined }] = messages;
      return [
        refused(
          busErrors.refused({
            type: message?.type,
            topic,
            why: typeOfError(error) ?? messageOf(error),
            cause: error,
          }),
        ),
      ];
    }
    const results: PublishResult[] = [];
    const half = Math.ceil(messages.length / 2);
    for (const part of [messages.slice(0, half), messages.slice(half)]) results.push(...(await write(part)));
    return results;
  };

  const publish = async (messages: readonly Routed[]): Promise<PublishResult[]> => {
    if (closed) return messages.map(() => refused(busErrors.closed()));
    if (messages.length === 0) return [];
    const refusals = messages.map(({ message }) => refusalOf(message));
    const results = await grouper.add(messages.filter((_, index) => refusals[index] === undefined));
    let next = 0;
    return refusals.map((error) => {
      if (error !== undefined) return refused(error);
      next += 1;
      return results[next - 1] ?? refused(busErrors.refused({ why: 'the broker did not answer' }));
    });
  };

  return {
    publish: (messages) => {
      const work = publish(messages);
      inFlight.add(work);
      return work.finally(() => inFlight.delete(work));
    },
    close: async () => {
      closed = true;
      await Promise.allSettled(inFlight);
      await writer.close();
    },
  };
};

const refusalOf = ({ type, body }: TransportMessage): Fault | undefined =>
  body.byteLength > maxBodyBytes
    ? busErrors.message_too_big({ type, bytes: body.byteLength, limit: maxBodyBytes })
    : undefined;

/** Splits messages into requests, in their order. */
const partsOf = (messages: readonly Routed[]): Routed[][] => {
  const parts: Routed[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const routed of messages) {
    const size = routed.message.body.byteLength;
    if (bytes + size > maxBytes || parts.at(-1)?.length === maxMessages) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(routed);
    bytes += size;
  }
  return parts;
};

const batchOf = (messages: readonly Routed[]): TopicMessages[] => {
  const byTopic = new Map<string, Message[]>();
  for (const { topic, message, partition, headers, open, tombstone } of messages) {
    const record = open ? openRecordOf(message) : recordOf(message, headers);
    const placed = {
      ...record,
      ...(partition === undefined ? {} : { partition }),
      ...(tombstone ? { value: null } : {}),
    };
    const records = byTopic.get(topic);
    if (records === undefined) byTopic.set(topic, [placed]);
    else records.push(placed);
  }
  return [...byTopic].map(([topic, records]) => ({ topic, messages: records }));
};
