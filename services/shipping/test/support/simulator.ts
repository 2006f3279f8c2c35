import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '@emporium/servers';

const program = fileURLToPath(
  new URL('../../../../infra/stand-ins/provider-simulator/src/main.ts', import.meta.url),
);

export const keys = { carrier: 'carrier-key-1', webhook: 'webhook-secret' };

/** A shipment in the carrier's list. */
export interface CarrierShipment {
  readonly id: string;
  readonly trackingNumber: string;
  readonly status: string;
  readonly reportedAt?: string;
}

/** Starts the simulator as a child process, which ends with this one. */
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
  for (let attempts = 0; !(await isUp()); attempts += 1) {
    if (child.exitCode !== null || attempts > 200) throw new Error('the simulator did not start');
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
    /** Sets one or more faults; see the simulator's README. */
    fault: (carrier: unknown) => call('PUT', '/simulator/faults', { carrier }),
    clearFaults: () => call('DELETE', '/simulator/faults'),
    shipments: async (orderId: string): Promise<readonly CarrierShipment[]> => {
      const response = await call('GET', `/simulator/shipments?reference=${orderId}`);
      return (response as { shipments: CarrierShipment[] }).shipments; // the response schema of the simulator
    },
    stop: async (): Promise<void> => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
};

export type Simulator = Awaited<ReturnType<typeof startSimulator>>;
