import type { RecordedSpan } from './spans/recorded-span.ts';
import { createRecorder } from './spans/recorder.ts';
import { propagation, setTracing } from './spans/tracing.ts';

/** The spans that have ended since a test began to record. */
export interface RecordedSpans {
  ended(): readonly RecordedSpan[];
  /** The names of the spans that have ended, in alphabetical order. */
  names(): string[];
  find(name: string): RecordedSpan;
  stop(): void;
}

/** Records all spans of this process in memory, for a test. Stop it afterwards: tests share a process. */
export const recordSpans = (): RecordedSpans => {
  const ended: RecordedSpan[] = [];
  const exporter = { add: (span: RecordedSpan) => void ended.push(span), close: async () => undefined };
  setTracing(createRecorder(exporter, { ratio: 1, isParentBased: true }));
  return {
    ended: () => ended,
    names: () => ended.map(({ name }) => name).toSorted(),
    find: (name) => {
      const found = ended.find((span) => span.name === name);
      if (found === undefined) throw new Error(`no span ${name}, only ${ended.map((span) => span.name)}`);
      return found;
    },
    stop: () => setTracing(propagation),
  };
};
