import { type TransportOptions, withDefaults, withoutPassword } from '@emporium/bus/transport';
import type { SASLOptions } from 'kafkajs';

export interface KafkaOptions extends TransportOptions {
  /**
   * `kafka://host:port`, or `kafka://user:password@host:port?tls=true&sasl=scram-sha-512&brokers=other:9092,third:9092&replicas=3`.
   * `sasl` is `plain` by default, `replicas` the default of the broker.
   */
  readonly url: string;
  /** How long an instance may send no heartbeat before others get its partitions, in milliseconds; 10,000 by default, at least 6,000. */
  readonly sessionTimeoutMs?: number;
}

export interface Config extends Required<TransportOptions> {
  readonly brokers: readonly string[];
  readonly tls: boolean;
  readonly sasl: SASLOptions | undefined;
  /** -1: the broker's default. */
  readonly replicas: number;
  readonly sessionTimeoutMs: number;
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
    sessionTimeoutMs: options.sessionTimeoutMs ?? 10_000,
    ...withDefaults(options),
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
