import type { OutgoingMessage } from '@emporium/bus';
import { type Contract, command, event, quick, type Subscription, subscription } from '@emporium/contracts';
import { v7 as uuid } from 'uuid';
import { z } from 'zod';

const schema = z.object({ id: z.string() });

/** An event of `order` that is unique to the case. */
export const anEvent = (): Contract =>
  event(`thing.happened-${unique()}`, { owner: 'order', version: 1, key: 'id', schema });

/** A command to `payment` that is unique to the case. */
export const aCommand = (): Contract =>
  command(`payment.act-${unique()}`, { owner: 'payment', senders: ['order'], version: 1, key: 'id', schema });

/** An unordered subscription of `payment` that is unique to the case. */
export const aSubscription = (...to: readonly Contract[]): Subscription =>
  subscription(`payment.${unique()}`, { to, retry: quick });

/** An ordered subscription of `payment` that is unique to the case. */
export const anOrderedSubscription = (...to: readonly Contract[]): Subscription =>
  subscription(`payment.${unique()}`, { to, retry: quick, ordered: true });

interface MessageParts {
  readonly id?: string;
  readonly key?: string;
  readonly body?: Uint8Array | string;
}

/** A message of this contract. A text as body is encoded as UTF-8. */
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

/** `count` messages of this contract, with their numbers from 0 as bodies. */
export const messages = (contract: Contract, count: number, key?: string): OutgoingMessage[] =>
  Array.from({ length: count }, (_, number) =>
    aMessage(contract, { body: String(number), ...(key === undefined ? {} : { key }) }),
  );

/** The body as text. */
export const textOf = ({ body }: { readonly body: Uint8Array }): string => Buffer.from(body).toString();

/** Twelve letters, as a contract's name allows. */
const unique = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => 'abcdefghijklmnop'[byte % 16]).join('');
