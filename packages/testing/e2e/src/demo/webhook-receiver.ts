import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that a receiver got. */
export interface ReceivedWebhook {
  readonly id: string;
  readonly signature: string;
  readonly payload: { readonly type: string; readonly data: Readonly<Record<string, unknown>> };
  /** Whether one of its signatures is made with the secret. */
  readonly isSignedWith: (secret: string) => boolean;
}

/** A receiver of webhooks on this machine, as a third party would write it. */
export interface WebhookReceiver {
  readonly url: string;
  readonly received: readonly ReceivedWebhook[];
  close(): Promise<void>;
}

export const startWebhookReceiver = async (): Promise<WebhookReceiver> => {
  const received: ReceivedWebhook[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push(read(request.headers, Buffer.concat(chunks)));
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return {
    url: `http://127.0.0.1:${port}/hooks`,
    received,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

const read = (headers: IncomingHttpHeaders, body: Buffer): ReceivedWebhook => {
  const [id, time, signature] = ['id', 'timestamp', 'signature'].map((name) =>
    String(headers[`webhook-${name}`]),
  );
  return {
    id: id ?? '',
    signature: signature ?? '',
    payload: JSON.parse(body.toString()),
    isSignedWith: (secret) => {
      const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
      const expected = createHmac('sha256', key).update(`${id}.${time}.`).update(body).digest();
      return (signature ?? '').split(' ').some((each) => {
        const given = Buffer.from(each.replace('v1,', ''), 'base64');
        return given.length === expected.length && timingSafeEqual(given, expected);
      });
    },
  };
};
