import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** Well-known programs of a developer's machine listen on lower ports. */
const lowest = 15_000;

/**
 * Finds a free port on 127.0.0.1, below those that the system assigns to outgoing connections: one of these could be taken before the
 * caller's server listens, and cannot be used again for a minute after that connection was closed. Another server may still take the
 * port first.
 */
export const freePort = async (): Promise<number> => {
  const end = firstOutgoing();
  for (let tries = 0; tries < 100; tries += 1) {
    const port = lowest + Math.floor(Math.random() * (end - lowest));
    if (port < end && (await listenOnce(port)) !== undefined) return port;
  }
  const port = await listenOnce(0);
  if (port === undefined) throw new Error('there is no free port on 127.0.0.1');
  return port;
};

/** Linux says where the ports of outgoing connections begin; other systems use the range of IANA. */
const firstOutgoing = (): number => {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/)[0]);
  } catch {
    return 49_152;
  }
};

/** The port, or one that the system chooses for 0; undefined when it is taken. */
const listenOnce = (wanted: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(undefined));
    probe.listen(wanted, '127.0.0.1', () => {
      const address = probe.address();
      const port = address === null || typeof address === 'string' ? undefined : address.port;
      probe.close(() => resolve(port));
    });
  });
