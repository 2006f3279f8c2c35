import type { ConsumeMessage, Message, Options } from 'amqplib';
import { maxForeignBytes } from '../translation.ts';

/** A message whose body is cut to what is read of one, and the size that it had in bytes. */
export interface CutMessage {
  readonly message: ConsumeMessage;
  readonly size: number;
}

/** Gives up the rest of a large body as soon as it has arrived: many of them at one time would fill the memory. */
export const cut = (message: ConsumeMessage): CutMessage => {
  const { content } = message;
  const size = content.byteLength;
  if (size <= maxForeignBytes) return { message, size };
  return { message: { ...message, content: Buffer.from(content.subarray(0, maxForeignBytes)) }, size };
};

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
  /** That of the whole body, in bytes. */
  readonly size: number;
}

/** Routing that the sender's own headers would add. */
const routing = new Set(['cc', 'bcc']);

/**
 * The bytes and properties of the message, and why it was refused, in the headers `x-reason`, `x-source` and `x-rejected-at`. Of
 * a body over 64 KiB the beginning is kept, and its size in `x-truncated-from`. Not kept: the time to live, so that it stays;
 * the user id, which the broker would compare with ours; and headers that would send it elsewhere.
 */
export const deadLetterCopy = (
  { content: body, properties }: Pick<Message, 'content' | 'properties'>,
  rejection: Rejection,
): DeadLetterCopy => {
  const { expiration: _, userId: __, headers, deliveryMode: ___, clusterId: ____, ...kept } = properties;
  return {
    body,
    options: {
      ...present(kept),
      persistent: true,
      mandatory: true,
      headers: {
        ...Object.fromEntries(
          Object.entries(headers ?? {}).filter(([name]) => !routing.has(name.toLowerCase())),
        ),
        ...rejectionHeaders(rejection, body),
      },
    },
  };
};

/** The same without the sender's properties and headers, for those that cannot be written again. */
export const withoutProperties = ({ body }: DeadLetterCopy, rejection: Rejection): DeadLetterCopy => ({
  body,
  options: {
    persistent: true,
    mandatory: true,
    headers: { ...rejectionHeaders(rejection, body), 'x-properties-dropped': true },
  },
});

const rejectionHeaders = ({ reason, source, at, size }: Rejection, { byteLength }: Buffer) => ({
  'x-reason': reason,
  'x-source': source,
  'x-rejected-at': at.toISOString(),
  ...(byteLength === size ? {} : { 'x-truncated-from': size }),
});

const present = (properties: object): Options.Publish =>
  Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined));
