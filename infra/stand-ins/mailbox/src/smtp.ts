import { type LifecycleStage, type Log, reasonOf } from '@emporium/service';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import { asciiDomain } from './address.ts';
import type { Box } from './box.ts';
import type { MailFaults } from './faults.ts';

export interface SmtpOptions {
  readonly host: string;
  readonly port: number;
  readonly box: Box;
  readonly faults: MailFaults;
  readonly log: Log;
}

const megabyte = 1_024 * 1_024;
/** Of one mail. */
const maxRecipients = 100;

/** Takes every mail, without a password, up to a megabyte; a mail is answered once it is in the box. */
export const smtp = ({ host, port, box, faults, log }: SmtpOptions): LifecycleStage => {
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
      if (envelope.rcptTo.length >= maxRecipients) return done(reply(452, 'too many recipients'));
      const fault = faults.take('refuse', address);
      done(fault === undefined ? undefined : reply(fault.code, 'the mailbox was asked to refuse'));
    },
    onData: (stream, session, done) => {
      receive(stream, session).then(
        (isCut) => (isCut ? cut(session) : done()),
        (error: unknown) => {
          log.error({ err: error }, 'could not take a mail');
          done(reply(451, reasonOf(error)));
        },
      );
    },
  });
  server.on('error', (error) => log.warn({ err: error }, 'smtp connection failed'));

  /** Whether the sender must not hear of it. */
  const receive = async (stream: SMTPServerDataStream, session: SMTPServerSession): Promise<boolean> => {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) if (!stream.sizeExceeded) chunks.push(chunk);
    if (stream.sizeExceeded) return false;
    const source = Buffer.concat(chunks);
    const to = session.envelope.rcptTo.map(({ address }) => asciiDomain(address)); // the library decodes it
    box.take({ to, source: source.toString('latin1') });
    return to.some((address) => faults.take('take-then-cut', address) !== undefined);
  };

  // The library has no call for it: a server that behaves never does this.
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
