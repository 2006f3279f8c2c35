import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { jsonMediaType } from '@emporium/service';
import { readProtobuf, reasonOf } from './protobuf.ts';

/** Most bytes of a body, as it is sent and decompressed. */
export const maxBodyBytes = 4 * 1_024 * 1_024;
const maxInflatedBytes = 16 * 1_024 * 1_024;

export type Encoding = 'json' | 'protobuf';

/** A body that cannot be read: the HTTP status of the answer, and what is wrong. */
export class RefusedBody extends Error {
  readonly status: 400 | 413 | 415;

  constructor(status: 400 | 413 | 415, message: string) {
    super(message);
    this.name = 'RefusedBody';
    this.status = status;
  }
}

/** Undefined for a media type that OTLP does not have. */
export const encodingOf = (contentType: string | undefined): Encoding | undefined => {
  if (contentType === undefined) return undefined;
  if (jsonMediaType.test(contentType)) return 'json';
  return /^application\/x-protobuf[ \t]*(?:;|$)/i.test(contentType) ? 'protobuf' : undefined;
};

/** Decompresses and parses a body. Throws `RefusedBody`. */
export const parseBody = async (
  bytes: Buffer,
  encoding: Encoding,
  contentEncoding: string | undefined,
): Promise<unknown> => {
  const plain = await decompress(bytes, contentEncoding?.trim().toLowerCase() ?? '');
  try {
    return encoding === 'json' ? JSON.parse(utf8.decode(plain)) : readProtobuf(plain);
  } catch (error) {
    throw new RefusedBody(
      400,
      encoding === 'json'
        ? 'body must be JSON in UTF-8'
        : `body must be an ExportTraceServiceRequest in protobuf: ${reasonOf(error)}`,
    );
  }
};

const utf8 = new TextDecoder('utf-8', { fatal: true });
const inflate = promisify(gunzip);

const decompress = async (bytes: Buffer, contentEncoding: string): Promise<Buffer> => {
  if (contentEncoding === '' || contentEncoding === 'identity') return bytes;
  if (contentEncoding !== 'gzip')
    throw new RefusedBody(415, 'content-encoding must be gzip, identity, or absent');
  try {
    return await inflate(bytes, { maxOutputLength: maxInflatedBytes });
  } catch (error) {
    if (error instanceof RangeError)
      throw new RefusedBody(413, `body must be at most ${maxInflatedBytes} bytes when it is decompressed`);
    throw new RefusedBody(400, 'body must be compressed with gzip, as its content-encoding says');
  }
};
