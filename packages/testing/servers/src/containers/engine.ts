import { request } from 'node:http';

/** The address of the Docker engine: `DOCKER_HOST`, else its default socket. */
const engine = (): { socketPath: string } | { host: string; port: string } => {
  const host = process.env['DOCKER_HOST'];
  if (!host) return { socketPath: '/var/run/docker.sock' };
  const { protocol, pathname, hostname, port } = new URL(host);
  return protocol === 'unix:' ? { socketPath: pathname } : { host: hostname, port };
};

/** The reason why no container of this image can be started without a download, or undefined. */
export const imageMissing = async (image: string): Promise<string | undefined> => {
  const status = await statusOf(`/images/${image}/json`);
  if (status === 200) return undefined;
  return status === 404
    ? `the Docker engine has no image ${image} (TEST_SERVERS=containers downloads it)`
    : noEngine;
};

/** The reason why no container can be started, or undefined. */
export const engineMissing = async (): Promise<string | undefined> =>
  (await statusOf('/_ping')) === 200 ? undefined : noEngine;

const noEngine = 'no Docker engine answers';
const timeoutMs = 3_000;

/** The status of the response; undefined without an engine. */
const statusOf = (path: string): Promise<number | undefined> =>
  new Promise((resolve) => {
    const sent = request({ ...engine(), path, timeout: timeoutMs }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on('timeout', () => sent.destroy());
    sent.on('error', () => resolve(undefined));
    sent.end();
  });
