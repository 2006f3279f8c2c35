import { crc32 } from 'node:zlib';

/** Ordered subscriptions have this many partitions on every broker. A constant of the wire: changing it moves keys. */
export const partitionCount = 8;

/** The partition of a key, from 0; the same in every process and release. */
export const partitionOf = (key: string, count: number = partitionCount): number => crc32(key) % count;
