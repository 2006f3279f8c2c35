import { request } from 'node:http';

/** Where the Docker engine listens: `DOCKER_HOST`, else its usual socket. */
const engine = (): { socketPath: string } | { host: string; port: string } => {
  const given = process.env['DOCKER_HOST'];
  if (!given) return { socketPath: '/var/run/docker.sock' };
  const { protocol, pathname, hostname, port } = new URL(given);
  return protocol === 'unix:' ? { socketPath: pathname } : { host: hostname, port };
};

/** Why no container of this image can be started without a download, or undefined when one can. */
export const imageMissing = async (image: string): Promise<string | undefined> => {
  const status = await ask(`/images/${image}/json`);
  if (status === 200) return undefined;
  return status === 404
    ? `the Docker engine has no image ${image} (TEST_SERVERS=containers downloads it)`
    : noEngine;
};

/** Why no container can be started at all, or undefined. */
export const engineMissing = async (): Promise<string | undefined> =>
  (await ask('/_ping')) === 200 ? undefined : noEngine;

const noEngine = 'no Docker engine answers';
const timeoutMs = 3_000;

/** The answer's status; undefined where nobody answers. */
const ask = (path: string): Promise<number | undefined> =>
  new Promise((resolve) => {
    const asking = request({ ...engine(), path, timeout: timeoutMs }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asking.on('timeout', () => asking.destroy());
    asking.on('error', () => resolve(undefined));
    asking.end();
  });
