import type { IncomingHttpHeaders } from 'node:http';
import { type Context, correlationHeader, type HttpRequest } from '@emporium/service';
import { sessionTokenOf } from './admin/session.ts';

type Headers = Record<string, string | string[]>;

/** RFC 9110, 7.6.1: these are about one connection, and end with it. */
const hopByHop = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization'],
  ...['te', 'trailer', 'transfer-encoding', 'upgrade', 'expect'],
]);

/** What services may take for the gateway's word; a caller must not say it. */
const spoofable = /^(?:x-user-|x-forwarded-|x-real-ip$|forwarded$)/;

/** Set anew for the request that goes on. A cookie is the gateway's own. */
const replaced = new Set([
  'host',
  'cookie',
  'content-length',
  correlationHeader,
  'traceparent',
  'tracestate',
]);

/** The headers that a request goes on with: the caller's, less what is not theirs to say, and the gateway's own. */
export const requestHeaders = (request: HttpRequest, context: Context): Headers => {
  const { headers } = request;
  const listed = listedInConnection(headers);
  const onward: Headers = {};
  for (const [name, value] of Object.entries(headers)) {
    if (
      value === undefined ||
      hopByHop.has(name) ||
      replaced.has(name) ||
      listed.has(name) ||
      spoofable.test(name)
    )
      continue;
    onward[name] = value;
  }
  const session = sessionTokenOf(request);
  if (session !== undefined) onward['authorization'] = `Bearer ${session}`;
  onward['x-forwarded-for'] = request.ip;
  onward['x-forwarded-proto'] = request.protocol;
  if (headers.host !== undefined) onward['x-forwarded-host'] = headers.host;
  onward[correlationHeader] = context.correlationId;
  onward['traceparent'] = context.traceparent;
  if (context.tracestate !== undefined) onward['tracestate'] = context.tracestate;
  return onward;
};

/** The headers of a service's answer that go back to the caller. */
export const responseHeaders = (headers: IncomingHttpHeaders): Headers => {
  const listed = listedInConnection(headers);
  const back: Headers = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !hopByHop.has(name) && !listed.has(name)) back[name] = value;
  }
  return back;
};

const none: ReadonlySet<string> = new Set();

const listedInConnection = ({ connection }: IncomingHttpHeaders): ReadonlySet<string> => {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return none;
  return new Set(connection.toLowerCase().split(/\s*,\s*/));
};
