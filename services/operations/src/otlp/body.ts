import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { jsonMediaType } from '@emporium/service';
import { readProtobuf, reasonOf, TooManyMessages } from './protobuf.ts';
import { RefusedBody } from './refused-body.ts';

/** Most bytes of a body, as it is sent and decompressed. */
export const maxBodyBytes = 4 * 1_024 * 1_024;
const maxInflatedBytes = 8 * 1_024 * 1_024;
/** Each takes memory when it is parsed, though it may be two bytes long: ten thousand spans with twenty attributes have 420,000. */
const maxObjects = 500_000;

export type Encoding = 'json' | 'protobuf';

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
  if (encoding === 'json' && hasMoreObjects(plain, maxObjects)) throw tooManyObjects();
  try {
    return encoding === 'json' ? JSON.parse(utf8.decode(plain)) : readProtobuf(plain, maxObjects);
  } catch (error) {
    if (error instanceof TooManyMessages) throw tooManyObjects();
    throw new RefusedBody(
      400,
      encoding === 'json'
        ? 'body must be JSON in UTF-8'
        : `body must be an ExportTraceServiceRequest in protobuf: ${reasonOf(error)}`,
    );
  }
};

const tooManyObjects = (): RefusedBody =>
  new RefusedBody(413, `body must have at most ${maxObjects} objects: send fewer spans in one request`);

const [objectBegins, arrayBegins] = [0x7b, 0x5b];

/** Counts braces and brackets, also those in texts: before anything is allocated. */
const hasMoreObjects = (json: Uint8Array, max: number): boolean => {
  let left = max;
  for (let at = 0; at < json.length && left >= 0; at += 1)
    if (json[at] === objectBegins || json[at] === arrayBegins) left -= 1;
  return left < 0;
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
