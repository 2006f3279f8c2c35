/** The fields of a nodemailer error, and of the server's response in it, that decide what kind of failure it is. */
export interface SmtpFailure {
  /** Nodemailer's: `EENVELOPE`, `EMESSAGE`, `EAUTH`, `ECONNECTION`, … */
  readonly code?: string | undefined;
  /** The command that failed: `MAIL FROM`, `RCPT TO`, `DATA`, `CONN`, `AUTH PLAIN`; `API` when none was sent. */
  readonly command?: string | undefined;
  readonly responseCode?: number | undefined;
  /** The whole response: `550 5.1.1 no such user`. */
  readonly response?: string | undefined;
}

/**
 * `refused`: the server permanently rejects this recipient or content. `misconfigured`: it rejects us, and with us every
 * mail. `unclear`: the mail, a passing condition, or a server that is away.
 */
export type FailureKind = 'refused' | 'misconfigured' | 'unclear';

/** Without an enhanced status code, these reject a recipient or content for good (RFC 5321 section 4.3.2, RFC 7504). */
const permanentCodes: ReadonlySet<number> = new Set([550, 551, 552, 553, 554, 556]);

/**
 * Enhanced status codes (RFC 3463 and the IANA registry) about the recipient or the content. The others concern the sender,
 * the network, the protocol or the server's policy towards us (`554 5.7.1 Relay access denied`).
 */
const mailStatus = /^5\.(?:1\.(?:0|1|2|3|4|6|9|10)|2\.\d{1,3}|3\.4|6\.\d{1,3})$/;

/** Authentication is required, was rejected, is too weak, or needs TLS. */
const authCodes: ReadonlySet<number> = new Set([530, 534, 535, 538]);
const senderStatus = /^5\.(?:1\.[78]|7\.(?:0|8|9|11|13))$/;
const configErrors: ReadonlySet<string> = new Set(['EAUTH', 'ENOAUTH', 'EOAUTH2', 'EREQUIRETLS', 'ECONFIG']);

export const classifyFailure = ({
  code = '',
  command = '',
  responseCode,
  response = '',
}: SmtpFailure): FailureKind => {
  if (configErrors.has(code)) return 'misconfigured';
  const isEnvelopeOrContent = code === 'EENVELOPE' || code === 'EMESSAGE';
  // Without a response, nodemailer itself rejected an invalid address, or content over its limit.
  if (responseCode === undefined) return isEnvelopeOrContent ? 'refused' : 'unclear';
  if (responseCode < 500) return 'unclear';
  const status = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})(?!\S)/.exec(response)?.[1];
  if (authCodes.has(responseCode) || (status !== undefined && senderStatus.test(status)))
    return 'misconfigured';
  if (command === 'MAIL FROM')
    return status === '5.3.4' || responseCode === 552 ? 'refused' : 'misconfigured';
  const isAboutMail = isEnvelopeOrContent && (command === 'RCPT TO' || command === 'DATA');
  const isPermanent = status === undefined ? permanentCodes.has(responseCode) : mailStatus.test(status);
  return isAboutMail && isPermanent ? 'refused' : 'unclear';
};
