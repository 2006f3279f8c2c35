import type { Log } from '@emporium/bus';
import type { SASLOptions } from 'kafkajs';

export interface KafkaOptions {
  /**
   * `kafka://host:port`, or `kafka://user:password@host:port?tls=true&sasl=scram-sha-512&brokers=other:9092,third:9092&replicas=3`.
   * `sasl` is `plain` by default, `replicas` the default of the broker.
   */
  readonly url: string;
  /** How long a publish or a settlement waits for the broker before it is refused, in milliseconds; 10,000 by default. */
  readonly timeoutMs?: number;
  /** How long an instance may send no heartbeat before others get its partitions, in milliseconds; 10,000 by default, at least 6,000. */
  readonly sessionTimeoutMs?: number;
  /** Shown in the broker's log and quotas. */
  readonly connectionName?: string;
  /** Silent by default. */
  readonly log?: Log;
}

export interface Config {
  readonly brokers: readonly string[];
  readonly tls: boolean;
  readonly sasl: SASLOptions | undefined;
  /** -1: the broker's default. */
  readonly replicas: number;
  readonly timeoutMs: number;
  readonly sessionTimeoutMs: number;
  readonly connectionName: string;
  readonly log: Log;
}

/** Throws an error that names the option when the url is not valid. */
export const parseOptions = (options: KafkaOptions): Config => {
  const url = URL.canParse(options.url) ? new URL(options.url) : undefined;
  if (url === undefined || url.protocol !== 'kafka:' || url.hostname === '') {
    throw new Error(`url: must be kafka://host:port, is '${withoutPassword(options.url)}'`);
  }
  const replicas = Number(url.searchParams.get('replicas') ?? -1);
  if (!Number.isInteger(replicas) || replicas === 0) {
    throw new Error(`url: replicas must be a whole number, is '${url.searchParams.get('replicas')}'`);
  }
  const others = (url.searchParams.get('brokers') ?? '').split(',').filter((broker) => broker !== '');
  return {
    brokers: [`${url.hostname}:${url.port || '9092'}`, ...others],
    tls: url.searchParams.get('tls') === 'true',
    sasl: saslOf(url),
    replicas,
    timeoutMs: options.timeoutMs ?? 10_000,
    sessionTimeoutMs: options.sessionTimeoutMs ?? 10_000,
    connectionName: options.connectionName ?? 'emporium',
    log: options.log ?? { info: ignore, warn: ignore, error: ignore },
  };
};

const saslOf = (url: URL): SASLOptions | undefined => {
  if (url.username === '') return undefined;
  const credentials = {
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
  const mechanism = url.searchParams.get('sasl') ?? 'plain';
  if (mechanism === 'plain' || mechanism === 'scram-sha-256' || mechanism === 'scram-sha-512') {
    return { mechanism, ...credentials } as SASLOptions; // each of the three takes these credentials
  }
  throw new Error(`url: sasl must be plain, scram-sha-256 or scram-sha-512, is '${mechanism}'`);
};

const withoutPassword = (url: string): string => url.replace(/:[^:@/]*@/, ':…@');

const ignore = (): void => {};
