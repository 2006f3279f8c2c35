import { mayBeUnstorable, unstorable } from '@emporium/bus';
import type { Contract, Input } from '@emporium/contracts';
import { validationMessage } from '@emporium/service';
import { scrubTo } from '@emporium/telemetry';
import type { z } from 'zod';

/** How a message of another system becomes one of ours: a schema on both sides, and a pure function between them. */
export interface Translation<Foreign extends z.ZodType, C extends Contract> {
  /** The format of the other system. Its messages are for the sender: they name the field, and what it must be. */
  readonly from: Foreign;
  readonly to: C;
  /** `messageId` identifies the message of the other system, and is the same each time it is delivered. */
  readonly translate: (foreign: z.output<Foreign>, messageId: string) => Input<C>;
}

/** The id of a message of another system: one that it has there, or one that is made of what it says. */
type MessageId<Foreign extends z.ZodType> = string | ((foreign: z.output<Foreign>) => string);

/** The result of a translation. A refusal has a reason that the sender understands, of at most 500 characters. */
export type Translated<C extends Contract> =
  | { readonly kind: 'translated'; readonly contract: C; readonly data: Input<C> }
  | { readonly kind: 'refused'; readonly reason: string };

/** The largest message of another system that is read, in bytes. */
export const maxForeignBytes = 64 * 1024;

/** Reads JSON in UTF-8 as a message of another system. */
export const translateJson = <Foreign extends z.ZodType, C extends Contract>(
  translation: Translation<Foreign, C>,
  body: Uint8Array,
  messageId: MessageId<Foreign>,
): Translated<C> => {
  const parsed = parseForeignJson(body);
  return parsed.kind === 'refused' ? parsed : translateValue(translation, parsed.value, messageId);
};

/** Validates a value of another system, translates it, and validates the result with the contract. Throws nothing. */
export const translateValue = <Foreign extends z.ZodType, C extends Contract>(
  { from, to, translate }: Translation<Foreign, C>,
  value: unknown,
  messageId: MessageId<Foreign>,
): Translated<C> => {
  const foreign = from.safeParse(value, { error: validationMessage });
  if (!foreign.success) return refused(sentences(foreign.error.issues));
  const id = typeof messageId === 'string' ? messageId : messageId(foreign.data);
  const ours = to.strictSchema.safeParse(translate(foreign.data, id), { error: validationMessage });
  if (!ours.success) return refused(sentences(ours.error.issues));
  return { kind: 'translated', contract: to, data: ours.data as Input<C> }; // contract schemas contain no transforms
};

export const refused = (reason: string) => ({ kind: 'refused', reason: scrubTo(reason, 500) }) as const;

export const tooLarge = (bytes: number, maxBytes = maxForeignBytes) =>
  refused(`the message has ${bytes} bytes, and must have ${maxBytes} at most`);

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The value of a JSON text of at most `maxBytes` that can be stored, or why it is none. */
export const parseForeignJson = (
  body: Uint8Array,
  maxBytes = maxForeignBytes,
):
  | { readonly kind: 'parsed'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly reason: string } => {
  if (body.byteLength > maxBytes) return tooLarge(body.byteLength, maxBytes);
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    return refused('the message must be UTF-8');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refused('the message must be JSON');
  }
  const found = mayBeUnstorable(text) ? unstorable(value) : undefined;
  if (found !== undefined)
    return refused('the message must not contain a NUL character or half of a surrogate pair');
  return { kind: 'parsed', value };
};

const sentences = (issues: readonly z.core.$ZodIssue[]): string =>
  issues
    .map(
      ({ path, message }) => `${path.length === 0 ? 'the message' : path.map(String).join('.')} ${message}`,
    )
    .join('; ');
