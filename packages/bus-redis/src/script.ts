import { createHash } from 'node:crypto';

/** A program that the server runs as one step: nobody sees half of it, and a crash leaves all of it or nothing. */
export interface Script {
  readonly sha: string;
  readonly lua: string;
}

/**
 * `whenFull: 'refuse'`: not even begun while the server is over its `maxmemory`. `'run'`: settles or moves what is there
 * already, and must go on then, since it is what makes room.
 */
export const script = (whenFull: 'refuse' | 'run', body: string): Script => {
  const lua = `#!lua${whenFull === 'run' ? ' flags=allow-oom' : ''}\n${body}`;
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
};

/** The server's clock in milliseconds, with their fractions. */
export const serverTime = `
  local function now()
    local time = redis.call('TIME')
    return time[1] * 1000 + time[2] / 1000
  end`;
