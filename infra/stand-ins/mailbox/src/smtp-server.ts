import { type LifecycleStage, type Log, reasonOf } from '@emporium/service';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import { asciiDomain } from './address.ts';
import type { MailFaults } from './faults.ts';
import type { MailStore } from './mail-store.ts';

export interface SmtpServerOptions {
  readonly host: string;
  readonly port: number;
  readonly store: MailStore;
  readonly faults: MailFaults;
  readonly log: Log;
}

const megabyte = 1_024 * 1_024;
const maxRecipientsPerMail = 100;

/** Accepts every mail up to a megabyte, without a login. The response is sent after the mail is stored. */
export const smtpServer = ({ host, port, store, faults, log }: SmtpServerOptions): LifecycleStage => {
  const server = new SMTPServer({
    name: 'mailbox.emporium.local',
    banner: 'Emporium mailbox',
    disabledCommands: ['AUTH', 'STARTTLS'],
    authOptional: true,
    disableReverseLookup: true,
    size: megabyte,
    rejectOversized: true,
    maxClients: 200,
    closeTimeout: 1_000,
    onRcptTo: ({ address }, { envelope }, done) => {
      if (envelope.rcptTo.length >= maxRecipientsPerMail) return done(reply(452, 'too many recipients'));
      const fault = faults.match('refuse', address);
      done(fault === undefined ? undefined : reply(fault.code, 'rejected by a fault of the mailbox'));
    },
    onData: (stream, session, done) => {
      receive(stream, session).then(
        (mustCut) => (mustCut ? cut(session) : done()),
        (error: unknown) => {
          log.error({ err: error }, 'could not store a mail');
          done(reply(451, reasonOf(error)));
        },
      );
    },
  });
  server.on('error', (error) => log.warn({ err: error }, 'smtp connection failed'));

  /** Stores the mail. Returns whether the connection must be closed without a response. */
  const receive = async (stream: SMTPServerDataStream, session: SMTPServerSession): Promise<boolean> => {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) if (!stream.sizeExceeded) chunks.push(chunk);
    if (stream.sizeExceeded) return false;
    const source = Buffer.concat(chunks);
    const to = session.envelope.rcptTo.map(({ address }) => asciiDomain(address)); // smtp-server decodes it
    store.add({ to, source: source.toString('latin1') });
    return to.some((address) => faults.match('take-then-cut', address) !== undefined);
  };

  // smtp-server has no public method to drop a connection.
  const cut = ({ id }: SMTPServerSession): void => {
    for (const connection of server.connections) {
      if (connection.id === id) connection._socket.destroy();
    }
  };

  return {
    name: 'smtp',
    start: async () => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const refuse = (cause: Error & { code?: string }) => {
        const isTaken = cause.code === 'EADDRINUSE';
        reject(
          isTaken
            ? new Error(`port ${port} on ${host} is taken; set SMTP_PORT to a free one`, { cause })
            : cause,
        );
      };
      server.server.once('error', refuse);
      server.listen(port, host, resolve);
      await promise;
      server.server.off('error', refuse);
      return () => new Promise<void>((stopped) => server.close(stopped));
    },
  };
};

const reply = (responseCode: number, message: string): Error =>
  Object.assign(new Error(message), { responseCode });
