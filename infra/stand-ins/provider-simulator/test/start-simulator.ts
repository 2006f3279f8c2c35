import { freePort } from '@emporium/servers';
import { createLog, parseConfig, startInOrder } from '@emporium/service';
import { createApp } from '../src/app.ts';
import { config } from '../src/config.ts';

export const keys = { payment: 'payment-key-1', carrier: 'carrier-key-1', webhook: 'webhook-secret' };

export interface SimulatorResponse {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export interface RunningSimulator {
  readonly url: string;
  /** `key` is the API key. */
  call(
    method: string,
    path: string,
    options?: { key?: string; idempotencyKey?: string; body?: unknown; timeoutMs?: number },
  ): Promise<SimulatorResponse>;
  stop(): Promise<void>;
}

/** Starts the simulator in this process, on a free port. */
export const startSimulator = async (environment: Record<string, string> = {}): Promise<RunningSimulator> => {
  const port = await freePort();
  const parsed = parseConfig(config, {
    PORT: String(port),
    PAYMENT_API_KEY: keys.payment,
    CARRIER_API_KEY: keys.carrier,
    CARRIER_WEBHOOK_SECRET: keys.webhook,
    DELIVERY_DELAY_MS: '50',
    ...environment,
  });
  const log = createLog({ service: 'provider-simulator', level: 'silent' });
  const started = await startInOrder(await createApp(parsed, log), new AbortController().signal);
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    call: async (method, path, { key, idempotencyKey, body, timeoutMs = 20_000 } = {}) => {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
          ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      const text = await response.text();
      return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
    },
    stop: () => started.stop(AbortSignal.timeout(5_000)),
  };
};
