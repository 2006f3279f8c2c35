import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '@emporium/servers';

const program = fileURLToPath(
  new URL('../../../../infra/stand-ins/provider-simulator/src/main.ts', import.meta.url),
);

export const keys = { carrier: 'carrier-key-1', webhook: 'webhook-secret' };

/** A shipment as the carrier's own book shows it. */
export interface CarrierShipment {
  readonly id: string;
  readonly trackingNumber: string;
  readonly status: string;
  readonly reportedAt?: string;
}

/** The carrier: the simulator as a process of its own, which ends with this one. */
export const startSimulator = async (environment: Readonly<Record<string, string>> = {}) => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = fork(program, {
    env: {
      PATH: process.env['PATH'],
      PORT: String(port),
      LOG_LEVEL: 'silent',
      PAYMENT_API_KEY: 'payment-key-1',
      CARRIER_API_KEY: keys.carrier,
      CARRIER_WEBHOOK_SECRET: keys.webhook,
      ...environment,
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const isUp = () =>
    fetch(`${url}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  for (let tries = 0; !(await isUp()); tries += 1) {
    if (child.exitCode !== null || tries > 200) throw new Error('the simulator did not start');
    await sleep(50);
  }

  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(url + path, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };

  return {
    url,
    /** What goes wrong from now on; see the simulator's README. */
    fault: (carrier: unknown) => call('PUT', '/simulator/faults', { carrier }),
    clearFaults: () => call('DELETE', '/simulator/faults'),
    shipments: async (orderId: string): Promise<readonly CarrierShipment[]> => {
      const answer = await call('GET', `/simulator/shipments?reference=${orderId}`);
      return (answer as { shipments: CarrierShipment[] }).shipments; // the simulator's own promise
    },
    stop: async (): Promise<void> => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
};

export type Simulator = Awaited<ReturnType<typeof startSimulator>>;
