import { once } from 'node:events';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

export interface Received {
  readonly mail: ParsedMail;
  readonly raw: string;
  readonly to: readonly string[];
  /** Whether the sender asked for addresses that are not ASCII. */
  readonly smtpUtf8: boolean;
}

/** A real SMTP server that does what a test tells it. */
export interface MailServer {
  readonly url: string;
  readonly received: Received[];
  /** From now on connections are greeted with this answer, and ended; undefined greets as usual. */
  answerConnections(code: number | undefined): void;
  /** From now on senders get this answer; undefined accepts them. */
  answerSenders(code: number | undefined): void;
  /** How many connections were made. */
  readonly connections: () => number;
  /** From now on recipients get this answer; undefined accepts them. */
  answerRecipients(code: number | undefined, text?: string): void;
  /** From now on the content gets this answer, after it was read; undefined accepts it. */
  answerContent(code: number | undefined): void;
  /** From now on content is read and never answered. */
  stall(on: boolean): void;
  /** From now on the connection is cut when the content has come. */
  cut(on: boolean): void;
  stop(): Promise<void>;
}

export interface MailServerOptions {
  /** A free one unless given. */
  readonly port?: number;
  /** Log-ins are asked for, and none is accepted. */
  readonly refusesLogIns?: boolean;
}

export const startMailServer = async ({
  port = 0,
  refusesLogIns = false,
}: MailServerOptions = {}): Promise<MailServer> => {
  const received: Received[] = [];
  let connectionCode: number | undefined;
  let senderCode: number | undefined;
  let recipient: { readonly code: number; readonly text?: string | undefined } | undefined;
  let contentCode: number | undefined;
  let isStalled = false;
  let isCut = false;
  let connections = 0;
  const refusal = (code: number, text: string) => Object.assign(new Error(text), { responseCode: code });

  const server = new SMTPServer({
    authOptional: !refusesLogIns,
    allowInsecureAuth: true,
    disabledCommands: refusesLogIns ? ['STARTTLS'] : ['STARTTLS', 'AUTH'],
    onAuth: (_auth, _session, done) => done(refusal(535, 'no such user or password')),
    logger: false,
    closeTimeout: 100,
    onConnect: (_session, done) => {
      connections += 1;
      done(connectionCode === undefined ? null : refusal(connectionCode, 'no service here'));
    },
    onMailFrom: (_address, _session, done) => {
      done(senderCode === undefined ? null : refusal(senderCode, 'not from you'));
    },
    onRcptTo: ({ address }, _session, done) => {
      done(
        recipient === undefined
          ? null
          : refusal(recipient.code, recipient.text ?? `no mail for <${address}>`),
      );
    },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', async () => {
        if (contentCode !== undefined) return done(refusal(contentCode, 'not this content'));
        const raw = Buffer.concat(chunks);
        const to = session.envelope.rcptTo.map(({ address }) => address);
        received.push({
          mail: await simpleParser(raw),
          raw: raw.toString(),
          to,
          smtpUtf8: session.envelope.smtpUtf8 === true,
        });
        if (isCut) for (const each of server.connections) each._socket.destroy();
        else if (!isStalled) done();
      });
    },
  });
  server.on('error', () => undefined); // a client that gave up
  const listener = server.listen(port, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('no port');

  return {
    url: `smtp://127.0.0.1:${address.port}`,
    received,
    connections: () => connections,
    answerConnections: (code) => {
      connectionCode = code;
    },
    answerSenders: (code) => {
      senderCode = code;
    },
    answerRecipients: (code, text) => {
      recipient = code === undefined ? undefined : { code, text };
    },
    answerContent: (code) => {
      contentCode = code;
    },
    stall: (on) => {
      isStalled = on;
    },
    cut: (on) => {
      isCut = on;
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
};
