import { validationMessage } from '@emporium/service';
import { z } from 'zod';
import { parseForeignJson, refused, tooLarge } from '../translation.ts';

/** A task as a client of Celery has sent it, without what the bridge does not need. */
export interface TaskMessage {
  readonly id: string;
  readonly name: string;
  /** Not before this time. */
  readonly eta: Date | undefined;
  /** Not after this time. */
  readonly expires: Date | undefined;
  /** The sender does not want to know what becomes of it. */
  readonly ignoreResult: boolean;
  /** The W3C trace context of its sender. */
  readonly traceparent: string | undefined;
  /** JSON of `[args, kwargs, embed]`. */
  readonly body: Uint8Array;
}

export type ReadTask =
  | { readonly kind: 'read'; readonly task: TaskMessage }
  | { readonly kind: 'refused'; readonly reason: string; readonly addressee: Addressee | undefined };

/** Whom the result is for, if it can be told. */
export interface Addressee {
  readonly id: string;
  readonly ignoreResult: boolean;
}

/** The largest message that is parsed: its arguments may have 64 KiB, and what JSON makes of a larger one may fill the memory. */
const maxReadBytes = 256 * 1024;
/** Where Kombu writes the headers of a large message: at its end, behind the body. */
const endBytes = 16 * 1024;

/** Celery writes times without an offset in UTC, unless it was told otherwise. */
const time = z.iso
  .datetime({ offset: true, local: true, error: 'must be a time in ISO 8601' })
  .transform((text) => new Date(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`))
  .nullish();

const identity = z.looseObject({
  headers: z.looseObject({ id: z.string().min(1).max(255), ignore_result: z.boolean().nullish() }),
});

/** https://docs.celeryq.dev/en/stable/internals/protocol.html, version 2, in the envelope that Kombu writes to Redis. */
const envelope = z.looseObject({
  headers: z.looseObject({
    task: z.string().min(1).max(255),
    id: z.string().min(1).max(255),
    eta: time,
    expires: time,
    ignore_result: z.boolean().nullish(),
    /** As OpenTelemetry's instrumentation of Celery writes it. */
    traceparent: z.string().optional().catch(undefined),
    compression: z.null('must be absent: compressed tasks are not supported').optional(),
  }),
  'content-type': z.literal(
    'application/json',
    'must be application/json: send the task with serializer="json"',
  ),
  'content-encoding': z.stringFormat('utf-8', (text) => text.toLowerCase() === 'utf-8', 'must be utf-8'),
  properties: z.looseObject({ body_encoding: z.enum(['base64', 'utf-8']).nullish() }),
  body: z.string(),
});

/** Reads one entry of the list. Nothing of it is ever evaluated. */
export const readTask = (raw: Uint8Array): ReadTask => {
  if (raw.byteLength > maxReadBytes)
    return { ...tooLarge(raw.byteLength, maxReadBytes), addressee: addresseeAtEnd(raw) };
  const parsed = parseForeignJson(raw, maxReadBytes);
  if (parsed.kind === 'refused') return { ...parsed, addressee: undefined };
  const found = identity.safeParse(parsed.value);
  const addressee = found.success
    ? { id: found.data.headers.id, ignoreResult: found.data.headers.ignore_result === true }
    : undefined;
  const read = envelope.safeParse(parsed.value, { error: validationMessage });
  if (!read.success) {
    const what = read.error.issues.map(
      ({ path, message }) => `${path.join('.') || 'the message'} ${message}`,
    );
    const reason = `not a task in Celery's message protocol 2: ${what.join('; ')}`;
    return { ...refused(reason), addressee };
  }
  const { headers, properties, body } = read.data;
  const { id, task: name, eta, expires, ignore_result: ignoreResult, traceparent } = headers;
  return {
    kind: 'read',
    task: {
      ...{ id, name, traceparent },
      ...{ eta: eta ?? undefined, expires: expires ?? undefined, ignoreResult: ignoreResult === true },
      body: Buffer.from(body, properties.body_encoding === 'base64' ? 'base64' : 'utf8'),
    },
  };
};

/** Of a message that is not parsed, if it is there in plain letters. Inside of a text the quotes would be escaped. */
const addresseeAtEnd = (raw: Uint8Array): Addressee | undefined => {
  const end = Buffer.from(raw.subarray(-endBytes)).toString('latin1');
  const id = /"id": ?"([\x20-\x7e]{1,255}?)"/.exec(end)?.[1];
  if (id === undefined || id.includes('\\')) return undefined;
  return { id, ignoreResult: /"ignore_result": ?true/.test(end) };
};
