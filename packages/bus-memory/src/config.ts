export interface MemoryOptions {
  /** `memory://name`: transports of one process with the same name share one broker. */
  readonly url: string;
}

export interface Config {
  readonly name: string;
}

/** Throws, naming the option, when the url is not `memory://name`. */
export const parseOptions = ({ url }: MemoryOptions): Config => {
  const name = /^memory:\/\/(.+)$/.exec(url)?.[1];
  if (name === undefined) throw new Error(`url: must be memory://name, is '${url}'`);
  return { name };
};
