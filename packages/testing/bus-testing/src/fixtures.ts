import type { OutgoingMessage } from '@emporium/bus';
import { type Contract, command, event, quick, type Subscription, subscription } from '@emporium/contracts';
import { v7 as uuid } from 'uuid';
import { z } from 'zod';

const schema = z.object({ id: z.string() });

/** An event of `order` that no other case knows. */
export const anEvent = (): Contract =>
  event(`thing.happened-${unique()}`, { owner: 'order', version: 1, key: 'id', schema });

/** A command to `payment` that no other case knows. */
export const aCommand = (): Contract =>
  command(`payment.act-${unique()}`, { owner: 'payment', senders: ['order'], version: 1, key: 'id', schema });

/** A subscription of `payment` that no other case knows; unordered. */
export const aSubscription = (...to: readonly Contract[]): Subscription =>
  subscription(`payment.${unique()}`, { to, retry: quick });

/** The same with order per key. */
export const anOrderedSubscription = (...to: readonly Contract[]): Subscription =>
  subscription(`payment.${unique()}`, { to, retry: quick, ordered: true });

interface MessageParts {
  readonly id?: string;
  readonly key?: string;
  readonly body?: Uint8Array | string;
}

/** A message with this contract's routing. A body that is a text is sent as UTF-8. */
export const aMessage = (
  { type, kind, owner }: Contract,
  { id = uuid(), key = id, body = '{}' }: MessageParts = {},
): OutgoingMessage => ({
  id,
  type,
  kind,
  owner,
  key,
  body: typeof body === 'string' ? Buffer.from(body) : body,
});

/** So many messages of this contract; their bodies are their numbers, from 0. */
export const messages = (contract: Contract, count: number, key?: string): OutgoingMessage[] =>
  Array.from({ length: count }, (_, number) =>
    aMessage(contract, { body: String(number), ...(key === undefined ? {} : { key }) }),
  );

/** The body as text. */
export const textOf = ({ body }: { readonly body: Uint8Array }): string => Buffer.from(body).toString();

/** Twelve letters: what may stand in a contract's name. */
const unique = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => 'abcdefghijklmnop'[byte % 16]).join('');
