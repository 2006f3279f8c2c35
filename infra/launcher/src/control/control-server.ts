import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type ProcessAction, type ProcessControl, processActions } from './controlled-processes.ts';

/** How `operations` reaches the launcher. */
export interface ControlAccess {
  readonly url: string;
  readonly token: string;
}

export interface ControlServer extends ControlAccess {
  close(): void;
}

/**
 * Serves the control of the shop's processes on a free port of 127.0.0.1, to who has the token: `GET /processes`, and
 * `POST /processes/<name>/<action>`. `launcher-control.json` in the data folder, readable only by its owner, has both.
 */
export const startControlServer = async (
  control: ProcessControl,
  dataDir: string,
): Promise<ControlServer> => {
  const token = randomBytes(24).toString('base64url');
  const server = createServer((request, response) => {
    request.resume();
    if (!isAllowed(request, token)) return send(response, 401, { reason: 'The token is wrong or missing.' });
    answer(control, request, response).catch((error: unknown) =>
      send(response, 500, { reason: error instanceof Error ? error.message : String(error) }),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on a port
  const access = { url: `http://127.0.0.1:${port}`, token };
  const file = join(dataDir, 'launcher-control.json');
  await writeFile(`${file}.new`, JSON.stringify(access), { mode: 0o600 });
  await rename(`${file}.new`, file);
  return {
    ...access,
    close: () => {
      rmSync(file, { force: true });
      server.close();
      server.closeAllConnections();
    },
  };
};

const answer = async (
  control: ProcessControl,
  { method, url = '' }: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  if (method === 'GET' && url === '/processes') return send(response, 200, { processes: control.list() });
  const [, name, action] = /^\/processes\/([a-z0-9-]+)\/([a-z]+)$/.exec(url) ?? [];
  if (method !== 'POST' || name === undefined || !isAction(action))
    return send(response, 404, { reason: 'There is no such action.' });
  const outcome = await control.act(name, action);
  if (outcome.kind === 'unknown') return send(response, 404, { reason: `There is no process ${name}.` });
  if (outcome.kind === 'refused') return send(response, 409, { reason: outcome.reason });
  send(response, 200, { processes: control.list() });
};

const isAction = (text: string | undefined): text is ProcessAction =>
  processActions.some((action) => action === text);

const isAllowed = ({ headers }: IncomingMessage, token: string): boolean => {
  const given = Buffer.from(headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
};

const send = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};
