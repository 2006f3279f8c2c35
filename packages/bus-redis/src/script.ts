import { createHash } from 'node:crypto';

/** A Lua script, which the server runs atomically. */
export interface Script {
  readonly sha: string;
  readonly lua: string;
}

/**
 * `whenFull`: `refuse` fails while the server is over its `maxmemory`. `run` runs then, too: for scripts that settle or move messages,
 * and so make room.
 */
export const script = (whenFull: 'refuse' | 'run', body: string): Script => {
  const lua = `#!lua${whenFull === 'run' ? ' flags=allow-oom' : ''}\n${body}`;
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
};

/** The server's time in milliseconds, with a fraction. */
export const serverTime = `
  local function now()
    local time = redis.call('TIME')
    return time[1] * 1000 + time[2] / 1000
  end`;
