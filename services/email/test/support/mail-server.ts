import { once } from 'node:events';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

export interface Received {
  readonly mail: ParsedMail;
  readonly raw: string;
  readonly to: readonly string[];
  /** Whether the client used SMTPUTF8, for addresses that are not ASCII. */
  readonly smtpUtf8: boolean;
}

/** An SMTP server whose responses a test can change at any time. */
export interface MailServer {
  readonly url: string;
  readonly received: Received[];
  /** Greets with this code and closes the connection; undefined restores the usual greeting. */
  answerConnections(code: number | undefined): void;
  /** The response to MAIL FROM; undefined accepts every sender. */
  answerSenders(code: number | undefined): void;
  /** The number of connections so far. */
  readonly connections: () => number;
  /** The response to RCPT TO; undefined accepts every recipient. */
  answerRecipients(code: number | undefined, text?: string): void;
  /** The response to the content; undefined accepts it. */
  answerContent(code: number | undefined): void;
  /** While on, content is stored but never answered. */
  stall(on: boolean): void;
  /** While on, content is stored and the connection closed without an answer. */
  cut(on: boolean): void;
  stop(): Promise<void>;
}

export interface MailServerOptions {
  /** Default: a free port. */
  readonly port?: number;
  /** Requires a login and rejects every one. */
  readonly rejectsLogins?: boolean;
}

export const startMailServer = async ({
  port = 0,
  rejectsLogins = false,
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
    authOptional: !rejectsLogins,
    allowInsecureAuth: true,
    disabledCommands: rejectsLogins ? ['STARTTLS'] : ['STARTTLS', 'AUTH'],
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
