import type { Log } from '@emporium/bus';

/** Keeps what was said, one text a line: `warn not published…`. */
export const createMemoryLog = (): Log & { readonly lines: string[] } => {
  const lines: string[] = [];
  const say = (level: string) => (_: object, text: string) => void lines.push(`${level} ${text}`);
  return { lines, info: say('info'), warn: say('warn'), error: say('error') };
};
