import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';

/** A server of a third party. */
export interface OutsideServer {
  readonly port: number;
  close(): Promise<void>;
}

const listen = async (server: Server, end: () => void): Promise<OutsideServer> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return {
    port: (server.address() as AddressInfo).port, // it listens on TCP
    close: async () => {
      end();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

/** A payment provider that answers requests with `token` in their body with an error that says `says`; others go to `target`. */
export const startRudeProvider = async (
  token: string,
  says: string,
  target: () => string,
): Promise<OutsideServer> => {
  const server = createHttpServer(async (request, response) => {
    const body = await text(request);
    if (body.includes(token)) {
      response.writeHead(422, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ code: says, detail: says, title: says }));
      return;
    }
    const { host: _, 'content-length': __, connection: ___, ...headers } = request.headers;
    const forwarded = await fetch(`${target()}${request.url}`, {
      method: request.method ?? 'GET',
      headers: headers as Record<string, string>, // none of those that the client sends is repeated
      ...(body === '' ? {} : { body }),
    });
    response.writeHead(forwarded.status, {
      'content-type': forwarded.headers.get('content-type') ?? 'text/plain',
    });
    response.end(await forwarded.text());
  });
  return listen(server, () => server.closeAllConnections());
};

/** A mail server that takes everything, but refuses `recipient` for good with a text that says `says`. */
export const startRudeMailServer = async (recipient: string, says: string): Promise<OutsideServer> => {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    let inData = false;
    let pending = '';
    socket.write('220 mail\r\n');
    const answer = (line: string): string => {
      if (/^EHLO/i.test(line)) return '250 mail';
      if (/^RCPT/i.test(line) && line.includes(recipient)) return `550 5.1.1 ${says}`;
      if (/^QUIT/i.test(line)) return '221 bye';
      if (!/^DATA/i.test(line)) return '250 ok';
      inData = true;
      return '354 go on';
    };
    socket.on('data', (chunk) => {
      pending += chunk.toString('latin1');
      for (let end = pending.indexOf('\r\n'); end >= 0; end = pending.indexOf('\r\n')) {
        const line = pending.slice(0, end);
        pending = pending.slice(end + 2);
        if (!inData) socket.write(`${answer(line)}\r\n`);
        else if (line === '.') {
          inData = false;
          socket.write('250 taken\r\n');
        }
      }
    });
  });
  return listen(server, () => {
    for (const socket of sockets) socket.destroy();
  });
};
