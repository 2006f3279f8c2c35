import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { freePort } from '@emporium/servers';

/** The well-known programs of a developer's machine listen below. */
const lowest = 15_000;

/**
 * A port on 127.0.0.1 that nobody listens on, and that no outgoing connection is given by the system: the port of a process
 * that is down for a moment must be free when it is back. `taken` are those that others will listen on soon.
 */
export const lastingPort = async (taken: ReadonlySet<number>): Promise<number> => {
  const end = firstOutgoing();
  for (let tries = 0; tries < 100; tries += 1) {
    const port = lowest + Math.floor(Math.random() * (end - lowest));
    if (port < end && !taken.has(port) && (await isFree(port))) return port;
  }
  for (;;) {
    const port = await freePort();
    if (!taken.has(port)) return port;
  }
};

/** Linux says where the ports of outgoing connections begin; the others keep to IANA's range. */
const firstOutgoing = (): number => {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/)[0]);
  } catch {
    return 49_152;
  }
};

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
