import { z } from 'zod';
import type { Upstream } from './upstream.ts';

/** The health of all services, for people. */
export interface ServiceStates {
  readonly services: Readonly<Record<string, 'ready' | 'not-ready' | 'away'>>;
  /** The subscriptions that are paused in the instance that answered. */
  readonly paused: readonly string[];
}

interface ServiceState {
  readonly state: ServiceStates['services'][string];
  readonly paused: readonly string[];
}

/** Asks each service, for at most two seconds. */
export const serviceStates = async (upstreams: Iterable<Upstream>): Promise<ServiceStates> => {
  const answers = await Promise.all(
    [...upstreams].map(async (upstream) => [upstream.name, await stateOf(upstream)] as const),
  );
  return {
    services: Object.fromEntries(answers.map(([name, { state }]) => [name, state])),
    paused: answers.flatMap(([, { paused }]) => paused),
  };
};

const stateOf = async (upstream: Upstream): Promise<ServiceState> => {
  try {
    const signal = AbortSignal.timeout(2_000);
    const request = { method: 'GET', path: '/health/ready', headers: {}, body: undefined, signal } as const;
    const { status, body } = await upstream.request({ ...request, kind: 'health' });
    const bytes = Buffer.isBuffer(body) ? body : Buffer.concat(await body.toArray());
    return { state: status === 200 ? 'ready' : 'not-ready', paused: pausedIn(bytes) };
  } catch {
    return { state: 'away', paused: [] }; // requests to the service say why
  }
};

const health = z.object({ checks: z.record(z.string(), z.object({ status: z.string() })) });

/** The names of the paused checks; none in what is not the health of a service. */
const pausedIn = (bytes: Buffer): string[] => {
  const { data } = health.safeParse(parse(bytes));
  return Object.entries(data?.checks ?? {}).flatMap(([name, { status }]) =>
    status === 'paused' ? name : [],
  );
};

const parse = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
};
