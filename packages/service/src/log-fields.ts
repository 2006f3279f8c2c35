import manifest from '../package.json' with { type: 'json' };

/** How the values of a field are written: always the same, so that a search index takes every line. */
type Kind = 'text' | 'texts' | 'number';

interface Field {
  /** Its name in a line. */
  readonly field: string;
  readonly kind: Kind;
}

const text = (field: string): Field => ({ field, kind: 'text' });
const texts = (field: string): Field => ({ field, kind: 'texts' });
const number = (field: string): Field => ({ field, kind: 'number' });

/** ECS requires its version on each line. The names below are the same in its versions 8 and 9. */
export const ecsVersion = '8.11.0';

/** The version of the shop: all packages are released together. */
export const release = manifest.version;

/** The fields that every line has. */
export const baseFields = {
  time: '@timestamp',
  level: 'log.level',
  message: 'message',
  ecsVersion: 'ecs.version',
  service: 'service.name',
  version: 'service.version',
  pid: 'process.pid',
} as const;

/** What an error becomes: its stack and those of its causes are one text. */
export const errorFields = {
  type: 'error.type',
  message: 'error.message',
  stack: 'error.stack_trace',
  code: 'error.code',
  details: 'emporium.error.details',
} as const;

/**
 * The fields that a log call may have, by their names in the code. In a line they have the name of the Elastic Common Schema; for
 * messages and routes, which it lacks, that of OpenTelemetry's semantic conventions (1.45); else one under `emporium.`. Each is
 * explained in docs/logs.md.
 */
export const logFields = {
  correlationId: text('emporium.correlation_id'),
  traceId: text('trace.id'),
  spanId: text('span.id'),
  code: text('error.code'),
  reason: text('event.reason'),
  why: text('event.reason'),
  eventId: text('event.id'),
  userId: text('user.id'),
  by: text('emporium.actor'),

  subscription: text('messaging.destination.subscription.name'),
  messageId: text('messaging.message.id'),
  topic: text('messaging.destination.name'),
  queue: text('messaging.destination.name'),
  partition: text('messaging.destination.partition.id'),
  group: text('messaging.consumer.group.name'),
  type: text('emporium.message.type'),
  key: text('emporium.message.key'),
  position: text('emporium.message.position'),
  deadLetter: text('emporium.dead_letter.id'),
  attempt: number('emporium.attempt'),
  attempts: number('emporium.attempts'),
  tries: number('emporium.tries'),
  refusals: number('emporium.refusals'),
  crashes: number('emporium.crashes'),
  messages: number('emporium.messages'),
  spans: number('emporium.spans'),
  delayMs: number('emporium.delay_ms'),
  pausedMs: number('emporium.paused_ms'),

  exchange: text('emporium.broker.exchange'),
  queues: number('emporium.broker.queues'),
  channel: text('emporium.broker.channel'),
  connection: text('emporium.connection'),
  purpose: text('emporium.connection'),
  peer: text('service.target.name'),

  task: text('emporium.task.name'),
  taskId: text('emporium.task.id'),
  saga: text('emporium.saga.name'),
  id: text('emporium.saga.id'),
  facts: texts('emporium.saga.facts'),
  projection: text('emporium.projection.name'),
  build: number('emporium.projection.build'),
  newer: number('emporium.projection.newer'),
  stream: text('emporium.stream'),
  version: number('emporium.version'),
  orderId: text('emporium.order.id'),
  shipment: text('emporium.shipment.id'),

  origin: text('emporium.user.origin'),
  externalId: text('emporium.user.external_id'),
  requestId: text('emporium.mail.request_id'),
  template: text('emporium.mail.template'),
  webhookId: text('emporium.webhook.id'),
  delivery: text('emporium.webhook.delivery_id'),

  job: text('emporium.job.id'),
  grouped: number('emporium.grouped'),
  table: text('emporium.table'),
  rows: number('emporium.rows'),
  removed: number('emporium.removed'),
  discarded: number('emporium.discarded'),
  done: number('emporium.done'),
  total: number('emporium.total'),
  delivered: number('emporium.readings.delivered'),
  failed: number('emporium.readings.failed'),
  skipped: number('emporium.readings.skipped'),

  method: text('http.request.method'),
  status: number('http.response.status_code'),
  route: text('http.route'),
  path: text('url.path'),
  ms: number('emporium.duration_ms'),

  stages: texts('emporium.stages'),
  drainTimeoutMs: number('emporium.drain_timeout_ms'),
  databases: texts('emporium.databases'),
  created: number('emporium.created'),
  lost: number('emporium.lost_lines'),
  output: text('emporium.output'),
} as const satisfies Record<string, Field>;

const known: ReadonlyMap<string, Field> = new Map(Object.entries(logFields));

/** The longest text of a field, in characters. */
const maxText = 8_192;

/**
 * Renames the fields of a log call, which are redacted already, and writes their values as declared. What is not declared, or has a
 * value of another kind, becomes a text under `labels.`, so that no line is refused.
 */
export const toLineFields = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const line: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === null) continue;
    if (name === 'err') Object.assign(line, lineError(value));
    else {
      const field = known.get(name);
      const written = field === undefined ? undefined : writtenAs(field.kind, value);
      if (field === undefined || written === undefined) line[labelOf(name)] = asText(value);
      else line[field.field] = written;
    }
  }
  return line;
};

const writtenAs = (kind: Kind, value: unknown): unknown => {
  if (kind === 'text') return asText(value);
  if (kind === 'texts') return Array.isArray(value) ? value.map(asText) : [asText(value)];
  const count = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof count === 'number' && Number.isFinite(count) ? count : undefined;
};

const labelOf = (name: string): string => `labels.${name.slice(0, 64).replace(/\W/g, '_')}`;

const asText = (value: unknown): string =>
  (typeof value === 'object' ? JSON.stringify(value) : String(value)).slice(0, maxText);

/** An error that `redact` has made a plain object. */
const lineError = (error: unknown): Record<string, unknown> => {
  if (!isRecord(error)) return { [errorFields.message]: asText(error) };
  const { type, message, stack: _stack, cause: _cause, errors: _errors, code, ...details } = error;
  return {
    ...(type === undefined ? {} : { [errorFields.type]: asText(type) }),
    [errorFields.message]: asText(message ?? ''),
    [errorFields.stack]: stackOf(error).slice(0, 2 * maxText),
    ...(code === undefined ? {} : { [errorFields.code]: asText(code) }),
    ...(Object.keys(details).length === 0 ? {} : { [errorFields.details]: asText(details) }),
  };
};

const stackOf = (error: unknown): string => {
  if (!isRecord(error)) return asText(error);
  const {
    type = 'Error',
    message = '',
    stack = `${asText(type)}: ${asText(message)}`,
    cause,
    errors,
  } = error;
  const others = [...(cause === undefined ? [] : [cause]), ...(Array.isArray(errors) ? errors : [])];
  return [asText(stack), ...others.map((each) => `caused by: ${stackOf(each)}`)].join('\n');
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
