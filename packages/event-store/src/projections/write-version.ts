import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import type { Position } from './read-order.ts';

/** What a write has changed, as a place in the order in which projections read events. */
export interface WriteVersion extends Position {
  readonly stream: string;
}

/** The place of the newest event of each stream; in the transaction that appended it, of that event. */
export const writeVersions = async <DB>(
  db: Kysely<DB>,
  streams: readonly string[],
): Promise<ReadonlyMap<string, Position>> => {
  if (streams.length === 0) return new Map();
  const { rows } = await sql<WriteVersion>`
    select newest.* from unnest(${[...streams]}::text[]) as wanted (stream) cross join lateral (
      select stream, transaction::text as transaction, position from event
      where event.stream = wanted.stream order by version desc limit 1
    ) as newest`.execute(db);
  return new Map(rows.map(({ stream, transaction, position }) => [stream, { transaction, position }]));
};

const numberBytes = 8;
const checkBytes = 5;
const tokenBytes = 2 * numberBytes + checkBytes;

/** As a version token: 28 characters that mean nothing to a client, and are checked when they come back. */
export const formatVersion = ({ transaction, position }: Position): string => {
  const numbers = Buffer.alloc(2 * numberBytes);
  numbers.writeBigUInt64BE(BigInt(transaction), 0);
  numbers.writeBigUInt64BE(BigInt(position), numberBytes);
  return Buffer.concat([numbers, checkOf(numbers)]).toString('base64url');
};

/** Undefined when the text is not a version token. */
export const parseVersion = (text: string): Position | undefined => {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length !== tokenBytes || bytes.toString('base64url') !== text) return undefined;
  const numbers = bytes.subarray(0, 2 * numberBytes);
  if (!checkOf(numbers).equals(bytes.subarray(2 * numberBytes))) return undefined;
  const position = Number(numbers.readBigUInt64BE(numberBytes));
  return Number.isSafeInteger(position)
    ? { transaction: String(numbers.readBigUInt64BE(0)), position }
    : undefined;
};

/** Against mistakes, not against forgery: a made-up version only delays or fails the read that has it. */
const checkOf = (numbers: Buffer): Buffer =>
  createHash('sha256').update('emporium-version').update(numbers).digest().subarray(0, checkBytes);
