import type { Log } from '../../log.ts';

/** Options that every transport over a network has. */
export interface TransportOptions {
  /** How long a publish or a settlement waits for the broker before it fails, in milliseconds; 10,000 by default. */
  readonly timeoutMs?: number;
  /** The name of this client in the broker's list of connections; `emporium` by default. */
  readonly connectionName?: string;
  /** Receives lost connections and failures that are retried. Silent by default. */
  readonly log?: Log;
}

export const withDefaults = ({
  timeoutMs,
  connectionName,
  log,
}: TransportOptions): Required<TransportOptions> => ({
  timeoutMs: timeoutMs ?? 10_000,
  connectionName: connectionName ?? 'emporium',
  log: log ?? { info: ignore, warn: ignore, error: ignore },
});

/** For error messages. */
export const withoutPassword = (url: string): string => url.replace(/:[^:@/]*@/, ':…@');

const ignore = (): void => {};
