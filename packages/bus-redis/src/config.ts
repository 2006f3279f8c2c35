import { type TransportOptions, withDefaults, withoutPassword } from '@emporium/bus/transport';

export interface RedisOptions extends TransportOptions {
  /** `redis://user:password@host:port/database`, or `rediss:`. All keys begin with `bus:`. */
  readonly url: string;
}

export type Config = Required<RedisOptions>;

/** Throws, naming the option, if the url is not a Redis url. */
export const parseOptions = ({ url, ...options }: RedisOptions): Config => {
  if (!isRedis(url)) {
    throw new Error(
      `url: must be redis://user:password@host:port/database or rediss://…, is '${withoutPassword(url)}'`,
    );
  }
  const defaults = withDefaults(options);
  // Redis allows no spaces in the name of a connection.
  return { url, ...defaults, connectionName: defaults.connectionName.replace(/[^\x21-\x7e]/g, '-') };
};

const isRedis = (text: string): boolean => {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname } = new URL(text);
  return /^rediss?:$/.test(protocol) && hostname !== '' && /^(\/\d*)?$/.test(pathname);
};
