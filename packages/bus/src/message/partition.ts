import { crc32 } from 'node:zlib';

/** The partitions of an ordered subscription, on every broker. Part of the wire format: another number would move keys. */
export const partitionCount = 8;

/** The partition of a key, from 0. The same in every process and release. */
export const partitionOf = (key: string, count: number = partitionCount): number => crc32(key) % count;
