import { createServer } from 'node:http';

/** The address of the process that shares its servers, set by that process. */
const variable = 'EMPORIUM_SERVERS';

/** Shares servers with child processes, on demand. `urlOf` must start each kind once. */
export const shareServers = async (
  urlOf: (kind: string) => Promise<string>,
): Promise<{ close(): Promise<void> }> => {
  const server = createServer(async (request, response) => {
    try {
      response.end(await urlOf((request.url ?? '').slice(1)));
    } catch (error) {
      response.statusCode = 500;
      response.end(error instanceof Error ? error.message : String(error));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the sharing server has no port');
  process.env[variable] = `http://127.0.0.1:${address.port}`;
  return {
    close: () => {
      delete process.env[variable];
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
};

/** The URL of the shared server, or undefined where none are shared. Throws the reason when it could not be started. */
export const sharedUrlOf = async (kind: string): Promise<string | undefined> => {
  const sharer = process.env[variable];
  if (!sharer) return undefined;
  const response = await fetch(`${sharer}/${kind}`);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
};
