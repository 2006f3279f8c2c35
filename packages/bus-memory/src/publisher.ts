import {
  busErrors,
  type Fault,
  maxBodyBytes,
  type OutgoingMessage,
  type PublishResult,
  type TransportMessage,
} from '@emporium/bus';
import type { Broker } from './connection.ts';
import type { Entry } from './partition-queue.ts';

const accepted: PublishResult = { status: 'accepted' };
const refused = (error: Fault): PublishResult => ({ status: 'refused', error });

export const publish = ({ queues }: Broker, message: OutgoingMessage): PublishResult => {
  const { type, kind, mandatory } = message;
  if (isTooBig(message)) return tooBig(message);
  const bound = [...queues.values()].filter(({ types }) => types.has(type));
  if (bound.length === 0 && (kind === 'command' || mandatory === true))
    return refused(busErrors.unroutable({ type }));
  for (const queue of bound) queue.add(entryOf(message));
  return accepted;
};

export const sendTo = ({ queues }: Broker, name: string, message: TransportMessage): PublishResult => {
  const queue = queues.get(name);
  if (queue === undefined) return refused(busErrors.unroutable({ subscription: name }));
  if (isTooBig(message)) return tooBig(message);
  queue.add(entryOf(message));
  return accepted;
};

const isTooBig = ({ body }: TransportMessage): boolean => body.byteLength > maxBodyBytes;

const tooBig = ({ body }: TransportMessage): PublishResult =>
  refused(busErrors.message_too_big({ bytes: body.byteLength, limit: maxBodyBytes }));

/** With a copy of the bytes, as if it had been sent over a network. */
const entryOf = ({ id, type, key, body }: TransportMessage): Entry => ({
  id,
  type,
  key,
  body: Uint8Array.from(body),
  attempt: 1,
  storedAt: Date.now(),
});
