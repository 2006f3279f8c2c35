import { type Fault, messageOf } from '@emporium/bus';
import { scrub } from '@emporium/service';
import { createTransport, type NodemailerError, type SendMailOptions } from 'nodemailer';
import MailComposer from 'nodemailer/lib/mail-composer';
import type { Mail } from './domain/mail.ts';
import { emailErrors } from './errors.ts';

/** A person or a service that mail comes from or goes to. */
export interface Mailbox {
  readonly name: string;
  readonly address: string;
}

/** A mail in its envelope. */
export interface Letter {
  readonly mail: Mail;
  readonly to: Mailbox;
  /** Without angle brackets. */
  readonly messageId: string;
  /** When what it tells happened. */
  readonly date: Date;
  readonly correlationId: string;
}

/** Where letters are handed in. */
export interface PostOffice {
  /**
   * Resolves when the server owns the mail. Rejects with `email.refused` when it refuses it for good (a 5xx to its sender,
   * recipient or content), with `email.not_sent` for everything else: then, too, the server may have it.
   */
  send(letter: Letter, signal: AbortSignal): Promise<void>;
  /** Drops the connections, those in use included. */
  close(): void;
}

export interface SmtpOptions {
  readonly url: string;
  readonly from: Mailbox;
  /** For each wait: the connection, the greeting, an answer. 10 s unless given. */
  readonly timeoutMs?: number;
  /** From handing in to the end, the wait for a free connection included. 30 s unless given. */
  readonly deadlineMs?: number;
}

/** Hands mail to an SMTP server over a few connections that are kept open. */
export const createPostOffice = (options: SmtpOptions): PostOffice => {
  const { url, from, timeoutMs = 10_000, deadlineMs = 30_000 } = options;
  const transporter = createTransport({
    url,
    pool: true,
    maxConnections: 5,
    // A connection that the server has closed meanwhile; every other attempt is the retry policy's.
    maxRequeues: 1,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
  });

  return {
    send: async ({ mail, to, messageId, date, correlationId }, signal) => {
      try {
        await transporter.sendMail({
          envelope: { from: from.address, to: [to.address] },
          // Composed here, it leaves in one write; the library would write each header and part by itself.
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
        throw faultOf(error);
      }
    },
    close: () => transporter.close({ force: true }),
  };
};

const compose = (message: SendMailOptions): Promise<Buffer> => new MailComposer(message).compile().build();

const headerSafe = (text: string): string => text.replace(/[^\w.:-]/g, '').slice(0, 64);

/** The server's words may quote the recipient: they are scrubbed before they go to a log or a dead letter. */
const faultOf = (error: unknown): Fault => {
  const { code, permanent, responseCode } = (error instanceof Error ? error : {}) as Partial<NodemailerError>; // its errors say so;
  const isRefused =
    (code === 'EENVELOPE' || code === 'EMESSAGE') && (permanent ?? responseCode === undefined);
  const why = scrub(messageOf(error)).slice(0, 300);
  return isRefused ? emailErrors.refused({ code, why }) : emailErrors.not_sent({ code, why });
};
