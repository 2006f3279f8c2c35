import type { DemoReporter, OrderView } from '@emporium/e2e';

/** Writes in colour, unless the output is not a terminal or NO_COLOR is set. */
export const createTerminal = (out: NodeJS.WriteStream = process.stdout) => {
  const colourful = out.isTTY === true && process.env['NO_COLOR'] === undefined;
  const paint = (code: number) => (text: string) => (colourful ? `\u001b[${code}m${text}\u001b[0m` : text);
  const [bold, dim, red, green, cyan] = [1, 2, 31, 32, 36].map(paint) as [Paint, Paint, Paint, Paint, Paint];
  const line = (text = '') => void out.write(`${text}\n`);

  const reporter: DemoReporter = {
    section: (title) => line(`\n${bold(cyan(title))}`),
    info: (text) => line(`  ${text}`),
    timeline: (order) => {
      for (const text of timelineLines(order)) line(`    ${dim(text)}`);
    },
    check: (text, passed, detail) => {
      const why = passed || detail === undefined || detail === '' ? '' : `: ${detail}`;
      line(`  ${passed ? green('✓') : red('✗')} ${text}${why}`);
    },
  };
  const verdict = (passed: boolean, detail: string): void =>
    line(`\n${passed ? green(bold('All checks passed.')) : red(bold('Some checks failed.'))} ${dim(detail)}`);
  return { reporter, verdict, line, bold, dim, red, green, cyan };
};

export type Terminal = ReturnType<typeof createTerminal>;
type Paint = (text: string) => string;

/** Lines such as `+   12 ms  stock reserved`, relative to the first entry. */
const timelineLines = ({ timeline }: OrderView): string[] => {
  const start = Date.parse(timeline[0]?.at ?? '');
  return timeline.map(({ at, what, detail }) => {
    const ms = String(Date.parse(at) - start).padStart(5);
    return `+${ms} ms  ${what}${detail === undefined ? '' : ` (${detail})`}`;
  });
};
