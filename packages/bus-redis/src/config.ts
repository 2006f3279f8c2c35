import type { Log } from '@emporium/bus';

export interface RedisOptions {
  /** `redis://user:password@host:port/database`, or `rediss:`. Its keys all begin with `bus:`. */
  readonly url: string;
  /** How long a publish or a settlement waits for the broker before it is refused, in milliseconds; 10,000 by default. */
  readonly timeoutMs?: number;
  /** Shown in `CLIENT LIST`. */
  readonly connectionName?: string;
  /** Is told of lost connections, and of settings that put messages at risk. Silent by default. */
  readonly log?: Log;
}

export interface Config {
  readonly url: string;
  readonly timeoutMs: number;
  readonly connectionName: string;
  readonly log: Log;
}

/** Throws, naming the option, when the url is none of Redis's. */
export const parseOptions = ({ url, timeoutMs, connectionName, log }: RedisOptions): Config => {
  if (!isRedis(url)) {
    throw new Error(
      `url: must be redis://user:password@host:port/database or rediss://…, is '${withoutPassword(url)}'`,
    );
  }
  return {
    url,
    timeoutMs: timeoutMs ?? 10_000,
    // Redis takes no blanks in a name.
    connectionName: (connectionName ?? 'emporium').replace(/[^\x21-\x7e]/g, '-'),
    log: log ?? { info: ignore, warn: ignore, error: ignore },
  };
};

const isRedis = (text: string): boolean => {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname } = new URL(text);
  return /^rediss?:$/.test(protocol) && hostname !== '' && /^(\/\d*)?$/.test(pathname);
};

const withoutPassword = (url: string): string => url.replace(/:[^:@/]*@/, ':…@');

const ignore = (): void => {};
