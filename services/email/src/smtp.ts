import { type Fault, messageOf } from '@emporium/bus';
import { scrub } from '@emporium/service';
import { createTransport, type NodemailerError, type SendMailOptions } from 'nodemailer';
import MailComposer from 'nodemailer/lib/mail-composer';
import type { Mail } from './domain/mail.ts';
import { emailErrors } from './errors.ts';
import { verdictOn } from './smtp-verdict.ts';

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
   * Resolves when the server owns the mail. Rejects with `email.refused` when it refuses this recipient or content for good, with
   * `email.server_away` when it takes no mail from us at all (it does not answer, or refuses our log-in or sender), and with
   * `email.not_sent` for everything else, of which another attempt is the answer. Then, too, the server may have the mail.
   */
  send(letter: Letter, signal: AbortSignal): Promise<void>;
  /** Resolves when the server greets us and takes our log-in, within one wait; rejects with `email.server_away`. */
  probe(): Promise<void>;
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

  let probing: Promise<void> | undefined;
  /** On a connection of its own. All who ask while it is under way share it. */
  const probe = (): Promise<void> => {
    probing ??= within(timeoutMs, transporter.verify())
      .then(
        () => undefined,
        (error: unknown) => Promise.reject(emailErrors.server_away(factsOf(error))),
      )
      .finally(() => {
        probing = undefined;
      });
    return probing;
  };

  /** A failure that says nothing clear is the server's when it does not answer a probe either, and this mail's when it does. */
  const faultOf = async (error: unknown, signal: AbortSignal): Promise<Fault> => {
    const verdict = verdictOn(error instanceof Error ? (error as NodemailerError) : {}); // its errors say so
    const facts = factsOf(error);
    if (verdict === 'refused') return emailErrors.refused(facts);
    if (verdict === 'misconfigured') return emailErrors.server_away(facts);
    if (signal.aborted) return emailErrors.not_sent(facts);
    return probe().then(
      () => emailErrors.not_sent(facts),
      () => emailErrors.server_away(facts),
    );
  };

  return {
    probe,
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
        throw await faultOf(error, signal);
      }
    },
    close: () => transporter.close({ force: true }),
  };
};

const compose = (message: SendMailOptions): Promise<Buffer> => new MailComposer(message).compile().build();

const headerSafe = (text: string): string => text.replace(/[^\w.:-]/g, '').slice(0, 64);

/** The server's words may quote the recipient: they are scrubbed before they go to a log or a failed task. */
const factsOf = (error: unknown) => ({
  ...(error instanceof Error && 'code' in error ? { code: String(error.code) } : {}),
  why: scrub(messageOf(error)).slice(0, 300),
});

const within = async <T>(ms: number, work: Promise<T>): Promise<T> => {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
};
