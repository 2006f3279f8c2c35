import type { Log } from '@emporium/bus';

/** Keeps what is logged, each as `<level> <text>`. */
export const collectingLog = (): Log & { readonly lines: string[] } => {
  const lines: string[] = [];
  const at =
    (level: string) =>
    (...args: readonly unknown[]) =>
      void lines.push(
        `${level} ${args.map((arg) => (typeof arg === 'string' ? arg : JSON.stringify(arg))).join(' ')}`,
      );
  return { lines, info: at('info'), warn: at('warn'), error: at('error') };
};
