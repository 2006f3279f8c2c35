import { messageOf } from '@emporium/bus';
import { RefusedAddress } from '../addresses/checked-lookup.ts';
import { printable } from './snippet.ts';

const maxLength = 300;

/** Why there was no response, for an administrator. */
export const reasonOf = (error: unknown): string => {
  const cause = rootOf(error, 0);
  if (cause instanceof RefusedAddress) return `its URL ${cause.message}`;
  const known = reasons[codeOf(cause) ?? ''];
  return printable(known === undefined ? messageOf(cause) : `${known} (${codeOf(cause)})`, maxLength);
};

const refusedConnection = 'the connection was refused';
const noHost = 'its host is unknown to the name servers';
const lost = 'the connection was closed before the response';
const notTrusted = 'its TLS certificate is not trusted';

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: refusedConnection,
  ENOTFOUND: noHost,
  ENODATA: noHost,
  ETIMEOUT: 'the name servers do not answer',
  ECONNRESET: lost,
  UND_ERR_SOCKET: lost,
  EHOSTUNREACH: 'its host cannot be reached',
  ENETUNREACH: 'its network cannot be reached',
  UND_ERR_CONNECT_TIMEOUT: 'the connection was not accepted in time',
  UND_ERR_HEADERS_OVERFLOW: 'the headers of its response are too long',
  DEPTH_ZERO_SELF_SIGNED_CERT: notTrusted,
  SELF_SIGNED_CERT_IN_CHAIN: notTrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: notTrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: notTrusted,
  CERT_HAS_EXPIRED: 'its TLS certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its TLS certificate is for another host',
};

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** The message of an HTTP client's error says little; its cause says what went wrong. Of several addresses the first one counts. */
const rootOf = (error: unknown, depth: number): unknown => {
  if (!(error instanceof Error) || depth === 5) return error;
  const inner = error.cause ?? (error instanceof AggregateError ? error.errors[0] : undefined);
  return inner === undefined ? error : rootOf(inner, depth + 1);
};
