import { currentContext, type Log } from '@emporium/bus';

/** Keeps what is logged, each as `<level> <text>`, and the correlation id in whose context it was logged. */
export const collectingLog = (): Log & {
  readonly lines: string[];
  readonly correlationIds: (string | undefined)[];
} => {
  const lines: string[] = [];
  const correlationIds: (string | undefined)[] = [];
  const at =
    (level: string) =>
    (...args: readonly unknown[]) => {
      const texts = args.map((arg) => (typeof arg === 'string' ? arg : JSON.stringify(arg)));
      lines.push(`${level} ${texts.join(' ')}`);
      correlationIds.push(currentContext()?.correlationId);
    };
  return { lines, correlationIds, info: at('info'), warn: at('warn'), error: at('error') };
};
