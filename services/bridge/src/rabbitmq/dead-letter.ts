import { deadLetterBody } from '@emporium/bus';
import type { Message, Options } from 'amqplib';

/** A refused message as it is kept for its sender. */
export interface DeadLetterCopy {
  readonly body: Buffer;
  readonly options: Options.Publish;
}

export interface Rejection {
  /** A sentence for the sender. */
  readonly reason: string;
  /** The queue that the message came from. */
  readonly source: string;
  readonly at: Date;
}

/** Routing that the sender's own headers would add. */
const routing = new Set(['cc', 'bcc']);

/**
 * The bytes and properties of the message, and why it was refused, in the headers `x-reason`, `x-source` and `x-rejected-at`. Of
 * a body over 4 MiB the first 64 KiB are kept, and its size in `x-truncated-from`. Not kept: the time to live, so that it stays;
 * the user id, which the broker would compare with ours; and headers that would send it elsewhere.
 */
export const deadLetterCopy = (
  { content, properties }: Message,
  { reason, source, at }: Rejection,
): DeadLetterCopy => {
  const { body, truncatedFrom } = deadLetterBody(content);
  const { expiration: _, userId: __, headers, deliveryMode: ___, clusterId: ____, ...kept } = properties;
  return {
    body: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
    options: {
      ...present(kept),
      persistent: true,
      mandatory: true,
      headers: {
        ...Object.fromEntries(
          Object.entries(headers ?? {}).filter(([name]) => !routing.has(name.toLowerCase())),
        ),
        ...rejectionHeaders({ reason, source, at }),
        ...(truncatedFrom === undefined ? {} : { 'x-truncated-from': truncatedFrom }),
      },
    },
  };
};

/** The same without the sender's properties and headers, for those that cannot be written again. */
export const withoutProperties = (
  { body }: DeadLetterCopy,
  rejection: Rejection,
  { content }: Message,
): DeadLetterCopy => ({
  body,
  options: {
    persistent: true,
    mandatory: true,
    headers: {
      ...rejectionHeaders(rejection),
      'x-properties-dropped': true,
      ...(body.byteLength === content.byteLength ? {} : { 'x-truncated-from': content.byteLength }),
    },
  },
});

const rejectionHeaders = ({ reason, source, at }: Rejection) => ({
  'x-reason': reason,
  'x-source': source,
  'x-rejected-at': at.toISOString(),
});

const present = (properties: object): Options.Publish =>
  Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined));
