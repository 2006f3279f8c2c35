import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A request that a receiver got. */
export interface Received {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly at: number;
}

export type Answer = (response: ServerResponse, request: IncomingMessage, received: Received) => void;

/** A receiver of webhooks on loopback, which answers as the test says. */
export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** The most requests at the same time for one `webhook-id`. */
  readonly concurrentPerId: () => number;
  answer(next: Answer): void;
  close(): Promise<void>;
}

export const ok: Answer = (response) => void response.writeHead(204).end();
export const status =
  (code: number, headers: Record<string, string> = {}, body = ''): Answer =>
  (response) =>
    void response.writeHead(code, headers).end(body);
export const never: Answer = () => undefined;
export const after =
  (ms: number, next: Answer): Answer =>
  async (...args) => {
    await sleep(ms);
    next(...args);
  };

export const startReceiver = async (first: Answer = ok): Promise<Receiver> => {
  let answer = first;
  const received: Received[] = [];
  const open = new Map<string, number>();
  let most = 0;
  const server: Server = createServer((request, response) => {
    const id = String(request.headers['webhook-id']);
    open.set(id, (open.get(id) ?? 0) + 1);
    most = Math.max(most, open.get(id) ?? 0);
    response.on('close', () => open.set(id, (open.get(id) ?? 1) - 1));
    const chunks: Buffer[] = [];
    request.on('error', () => undefined);
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = request.headers as Record<string, string>; // none of those is a list
      const each = { headers, body: Buffer.concat(chunks).toString(), at: Date.now() };
      received.push(each);
      answer(response, request, each);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return {
    url: `http://127.0.0.1:${port}/hooks`,
    received,
    concurrentPerId: () => most,
    answer: (next) => {
      answer = next;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
