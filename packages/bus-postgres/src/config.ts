export interface PostgresTransportOptions {
  /** `postgres://user:password@host:port/database`. The tables live in its schema `bus`. No pooler in transaction mode. */
  readonly url: string;
  /** How long a publish or a settlement waits for a broker that is away, in milliseconds; 5,000 by default. */
  readonly awayAfterMs?: number;
}

export interface Config {
  readonly url: string;
  readonly awayAfterMs: number;
}

/** Throws when the url is none of PostgreSQL's. The password is not repeated. */
export const parseConfig = ({ url, awayAfterMs = 5_000 }: PostgresTransportOptions): Config => {
  if (!URL.canParse(url))
    throw new Error(
      'The url of the postgres transport is no url; write postgres://user:password@host:port/database',
    );
  const { protocol, pathname } = new URL(url);
  if (protocol !== 'postgres:' && protocol !== 'postgresql:') {
    throw new Error(`The url of the postgres transport must begin with postgres://, not with ${protocol}//`);
  }
  if (pathname.length < 2) throw new Error('The url of the postgres transport must name a database');
  return { url, awayAfterMs };
};
