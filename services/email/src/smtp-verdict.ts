/** What is known of a failed sending: of nodemailer's error, and of the server's answer within it. */
export interface SmtpFailure {
  /** Nodemailer's: `EENVELOPE`, `EMESSAGE`, `EAUTH`, `ECONNECTION`, … */
  readonly code?: string | undefined;
  /** The command that was answered: `MAIL FROM`, `RCPT TO`, `DATA`, `CONN`, `AUTH PLAIN`; `API` where none was sent. */
  readonly command?: string | undefined;
  readonly responseCode?: number | undefined;
  /** The answer as it came: `550 5.1.1 no such user`. */
  readonly response?: string | undefined;
}

/**
 * `refused`: the server refuses this recipient or this content for good. `misconfigured`: it refuses us, and so every mail.
 * `unclear`: anything else. It may be this mail, this moment, or a server that is away.
 */
export type Verdict = 'refused' | 'misconfigured' | 'unclear';

/** Replies to a recipient or to the content, without an enhanced code, that are refusals for good (RFC 5321 section 4.3.2, RFC 7504). */
const refusals: ReadonlySet<number> = new Set([550, 551, 552, 553, 554, 556]);

/**
 * Enhanced status codes (RFC 3463 and the IANA registry) under which such a reply is about the recipient or the content. Others are about
 * the sender, the network, the protocol or the server's policy on us (`554 5.7.1 Relay access denied`): no verdict on a mail.
 */
const aboutTheMail = /^5\.(?:1\.(?:0|1|2|3|4|6|9|10)|2\.\d{1,3}|3\.4|6\.\d{1,3})$/;

/** Authentication: required, not accepted, too weak, or to be done over TLS. */
const aboutUs: ReadonlySet<number> = new Set([530, 534, 535, 538]);
const aboutUsEnhanced = /^5\.(?:1\.[78]|7\.(?:0|8|9|11|13))$/;
const aboutUsErrors: ReadonlySet<string> = new Set(['EAUTH', 'ENOAUTH', 'EOAUTH2', 'EREQUIRETLS', 'ECONFIG']);

export const verdictOn = ({ code = '', command = '', responseCode, response = '' }: SmtpFailure): Verdict => {
  if (aboutUsErrors.has(code)) return 'misconfigured';
  const isEnvelopeOrContent = code === 'EENVELOPE' || code === 'EMESSAGE';
  // Refused by the library, which knows what no server of this kind takes: an address that is none, a content over its limit.
  if (responseCode === undefined) return isEnvelopeOrContent ? 'refused' : 'unclear';
  if (responseCode < 500) return 'unclear';
  const enhanced = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})(?!\S)/.exec(response)?.[1];
  if (aboutUs.has(responseCode) || (enhanced !== undefined && aboutUsEnhanced.test(enhanced)))
    return 'misconfigured';
  if (command === 'MAIL FROM')
    return enhanced === '5.3.4' || responseCode === 552 ? 'refused' : 'misconfigured';
  const answersTheMail = isEnvelopeOrContent && (command === 'RCPT TO' || command === 'DATA');
  const isRefusal = enhanced === undefined ? refusals.has(responseCode) : aboutTheMail.test(enhanced);
  return answersTheMail && isRefusal ? 'refused' : 'unclear';
};
