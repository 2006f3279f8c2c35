import { type Fault, messageOf } from '@emporium/bus';
import { within } from '@emporium/telemetry';
import { createTransport, type NodemailerError, type SendMailOptions } from 'nodemailer';
import MailComposer from 'nodemailer/lib/mail-composer';
import type { MailContent } from '../domain/compose/compose-mail.ts';
import { emailErrors } from '../errors.ts';
import { classifyFailure } from './classify-failure.ts';
import { inMailSpan } from './mail-span.ts';

/** An address with a display name, which may be empty. */
export interface EmailAddress {
  readonly name: string;
  readonly address: string;
}

export interface Email {
  readonly mail: MailContent;
  readonly to: EmailAddress;
  /** Without angle brackets. */
  readonly messageId: string;
  /** The Date header: when the event happened, not when the mail is sent. */
  readonly date: Date;
  readonly correlationId: string;
}

export interface SmtpClient {
  /**
   * Resolves when the server has accepted the mail. Rejects with
   * - `email.refused` when the server permanently rejects this recipient or content;
   * - `email.server_away` when it cannot be reached, or rejects our login or our sender address;
   * - `email.not_sent` on any other failure, which is worth a retry. The server may have accepted the mail all the same.
   */
  send(email: Email, signal: AbortSignal): Promise<void>;
  /** Resolves when the server greets us and accepts our login within `timeoutMs`; rejects with `email.server_away`. */
  probe(): Promise<void>;
  /** Closes all connections, including those in use. */
  close(): void;
}

export interface SmtpOptions {
  readonly url: string;
  readonly from: EmailAddress;
  /** For connecting, for the greeting and for each response. Default: 10 s. */
  readonly timeoutMs?: number;
  /** For a whole `send`, including the wait for a free connection. Default: 30 s. */
  readonly deadlineMs?: number;
}

/** Sends mail through a pool of up to five connections. */
export const createSmtpClient = (options: SmtpOptions): SmtpClient => {
  const { url, from, timeoutMs = 10_000, deadlineMs = 30_000 } = options;
  const transporter = createTransport({
    url,
    pool: true,
    maxConnections: 5,
    // For a pooled connection that the server has closed. All other retries are the task's.
    maxRequeues: 1,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
  });

  let probing: Promise<void> | undefined;
  /** Uses a connection of its own. Concurrent callers share one probe. */
  const probe = (): Promise<void> => {
    probing ??= within(timeoutMs, transporter.verify())
      .then(
        () => undefined,
        (error: unknown) => Promise.reject(emailErrors.server_away(detailsOf(error))),
      )
      .finally(() => {
        probing = undefined;
      });
    return probing;
  };

  /** A probe decides on an unclear failure: if the server does not answer it either, the server is away. */
  const faultOf = async (error: unknown, signal: AbortSignal): Promise<Fault> => {
    const kind = classifyFailure(error instanceof Error ? (error as NodemailerError) : {}); // nodemailer throws no others
    const details = detailsOf(error);
    if (kind === 'refused') return emailErrors.refused(details);
    if (kind === 'misconfigured') return emailErrors.server_away(details);
    if (signal.aborted) return emailErrors.not_sent(details);
    return probe().then(
      () => emailErrors.not_sent(details),
      () => emailErrors.server_away(details),
    );
  };

  const send = async (
    { mail, to, messageId, date, correlationId }: Email,
    signal: AbortSignal,
  ): Promise<void> => {
    try {
      await transporter.sendMail({
        envelope: { from: from.address, to: [to.address] },
        // Composed here and sent in one write; nodemailer would write each header and part separately.
        raw: await compose({
          from,
          to,
          messageId: `<${messageId}>`,
          date,
          subject: mail.subject,
          text: mail.text,
          html: mail.html,
          headers: { 'Auto-Submitted': 'auto-generated', 'X-Correlation-Id': headerSafe(correlationId) },
          disableFileAccess: true,
          disableUrlAccess: true,
        }),
        signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]),
      });
    } catch (error) {
      throw await faultOf(error, signal);
    }
  };

  return {
    probe,
    send: (email, signal) => inMailSpan(url, email.mail.template, () => send(email, signal)),
    close: () => transporter.close({ force: true }),
  };
};

const compose = (message: SendMailOptions): Promise<Buffer> => new MailComposer(message).compile().build();

const headerSafe = (text: string): string => text.replace(/[^\w.:-]/g, '').slice(0, 64);

const detailsOf = (error: unknown) => ({
  ...(error instanceof Error && 'code' in error ? { code: String(error.code) } : {}),
  why: whyOf(error),
});

/** The server's response may quote anything, so that only its codes reach a log, a span or a failed task: `550 5.1.1`. */
const whyOf = (error: unknown): string => {
  const response = error instanceof Error && 'response' in error ? String(error.response) : '';
  const codes = /^\d{3}(?:[ -]\d\.\d{1,3}\.\d{1,3}(?!\S))?/.exec(response)?.[0];
  return codes === undefined ? messageOf(error).slice(0, 300) : `the server answered ${codes}`;
};
