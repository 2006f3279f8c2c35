import {
  activeTraceparent,
  createScopes,
  formatTraceparent,
  newTraceparent,
  parseTraceparent,
} from '@emporium/telemetry';
import { v7 as uuid } from 'uuid';

/** What a message or a request passes on to the messages that follow from it. Logs contain it, too. */
export interface Context {
  readonly correlationId: string;
  /** The id of the message being handled; absent in a request or a timer. */
  readonly causationId?: string;
  /** W3C trace context: `00-<32 hex>-<16 hex>-<2 hex>`. */
  readonly traceparent: string;
  readonly tracestate?: string;
  /** 0 in a request or a timer; in a handler, the hops of the message. */
  readonly hops: number;
  /** While a command of a saga is handled: what its replies carry. */
  readonly reply?: ReplyTo;
}

export interface ReplyTo {
  readonly stepId: string;
  /** The command arrived in an older version than the handler takes, so its reply is published in the older version. */
  readonly isOlder: boolean;
}

const scopes = createScopes<Context>();

export const withContext = <T>(context: Context, work: () => T): T => scopes.run(context, work);

/** The context of the message or request being handled, if any. */
export const currentContext = (): Context | undefined => scopes.current();

/**
 * The context of a request, a timer or a person's action. Values that an envelope could not carry (a correlation id with blanks,
 * a malformed trace) are replaced or left out. Without a traceparent it continues the active span of OpenTelemetry's API, if any.
 */
export const newContext = (
  given: Partial<Pick<Context, 'correlationId' | 'traceparent' | 'tracestate'>> = {},
): Context => {
  const { correlationId = '', traceparent = activeTraceparent() ?? '', tracestate = '' } = given;
  const parent = parseTraceparent(traceparent); // of any version; ours is 00
  return {
    correlationId: /^[\x21-\x7e]{1,200}$/.test(correlationId) ? correlationId : uuid(),
    traceparent: parent === undefined ? newTraceparent() : formatTraceparent(parent),
    ...(parent !== undefined && tracestate !== '' && tracestate.length <= maxTracestate
      ? { tracestate }
      : {}),
    hops: 0,
  };
};

/** The length that the W3C recommendation requires to be passed on. */
const maxTracestate = 512;

/** The 32 hex digits of the trace id. */
export const traceIdOf = ({ traceparent }: Context): string => traceparent.slice(3, 35);

/** The 16 hex digits of the span id, which is another for each request. */
export const spanIdOf = ({ traceparent }: Context): string => traceparent.slice(36, 52);
