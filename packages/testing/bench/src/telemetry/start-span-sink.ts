import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface SpanSink {
  /** Where it receives spans. */
  readonly url: string;
  stop(): void;
}

export const startSpanSink = async (): Promise<SpanSink> => {
  const child = fork(join(import.meta.dirname, 'span-sink.ts'), { execArgv: [] });
  const [url] = await once(child, 'message');
  return { url: String(url), stop: () => void child.kill() };
};
