import { once } from 'node:events';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

export interface Received {
  readonly mail: ParsedMail;
  readonly raw: string;
  readonly to: readonly string[];
}

/** A real SMTP server that does what a test tells it. */
export interface MailServer {
  readonly url: string;
  readonly received: Received[];
  /** How many connections were made. */
  readonly connections: () => number;
  /** From now on recipients get this answer; undefined accepts them. */
  answerRecipients(code: number | undefined): void;
  /** From now on the content gets this answer, after it was read; undefined accepts it. */
  answerContent(code: number | undefined): void;
  /** From now on content is read and never answered. */
  stall(on: boolean): void;
  stop(): Promise<void>;
}

export const startMailServer = async (port = 0): Promise<MailServer> => {
  const received: Received[] = [];
  let recipientCode: number | undefined;
  let contentCode: number | undefined;
  let isStalled = false;
  let connections = 0;
  const refusal = (code: number, text: string) => Object.assign(new Error(text), { responseCode: code });

  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    logger: false,
    closeTimeout: 100,
    onConnect: (_session, done) => {
      connections += 1;
      done();
    },
    onRcptTo: ({ address }, _session, done) => {
      done(recipientCode === undefined ? null : refusal(recipientCode, `no mail for <${address}>`));
    },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', async () => {
        if (contentCode !== undefined) return done(refusal(contentCode, 'not this content'));
        const raw = Buffer.concat(chunks);
        const to = session.envelope.rcptTo.map(({ address }) => address);
        received.push({ mail: await simpleParser(raw), raw: raw.toString(), to });
        if (!isStalled) done();
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
    answerRecipients: (code) => {
      recipientCode = code;
    },
    answerContent: (code) => {
      contentCode = code;
    },
    stall: (on) => {
      isStalled = on;
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
};
