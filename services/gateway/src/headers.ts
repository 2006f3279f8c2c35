import type { IncomingHttpHeaders } from 'node:http';
import { type Context, correlationHeader, type HttpRequest } from '@emporium/service';
import { forwardedTokenOf } from './admin/session.ts';

type Headers = Record<string, string | string[]>;

/** RFC 9110, 7.6.1: these apply to one connection, and are not forwarded. */
const hopByHop = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization'],
  ...['te', 'trailer', 'transfer-encoding', 'upgrade', 'expect'],
]);

/** Services may trust these as set by the gateway; a caller must not set them. */
const spoofable = /^(?:x-user-|x-forwarded-|x-real-ip$|forwarded$)/;

/** Set anew for the forwarded request, or dropped: cookies are the gateway's own, and nobody here reads baggage. */
const replaced = new Set([
  'host',
  'cookie',
  'content-length',
  correlationHeader,
  'traceparent',
  'tracestate',
  'baggage',
]);

/** The headers of the forwarded request: the caller's, without those that a caller must not set, and the gateway's own. */
export const requestHeaders = (request: HttpRequest, context: Context): Headers => {
  const { headers } = request;
  const listed = listedInConnection(headers);
  const forwarded: Headers = {};
  for (const [name, value] of Object.entries(headers)) {
    if (
      value === undefined ||
      hopByHop.has(name) ||
      replaced.has(name) ||
      listed.has(name) ||
      spoofable.test(name)
    )
      continue;
    forwarded[name] = value;
  }
  const session = forwardedTokenOf(request);
  if (session !== undefined) forwarded['authorization'] = `Bearer ${session}`;
  forwarded['x-forwarded-for'] = request.ip;
  forwarded['x-forwarded-proto'] = request.protocol;
  if (headers.host !== undefined) forwarded['x-forwarded-host'] = headers.host;
  forwarded[correlationHeader] = context.correlationId;
  forwarded['traceparent'] = context.traceparent;
  if (context.tracestate !== undefined) forwarded['tracestate'] = context.tracestate;
  return forwarded;
};

/** The headers of a service's response that the caller gets. */
export const responseHeaders = (headers: IncomingHttpHeaders): Headers => {
  const listed = listedInConnection(headers);
  const returned: Headers = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !hopByHop.has(name) && !listed.has(name)) returned[name] = value;
  }
  return returned;
};

const none: ReadonlySet<string> = new Set();

const listedInConnection = ({ connection }: IncomingHttpHeaders): ReadonlySet<string> => {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return none;
  return new Set(connection.toLowerCase().split(/\s*,\s*/));
};
