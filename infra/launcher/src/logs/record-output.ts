import type { ChildProcess } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { baseFields, ecsVersion, logFields, release, scrub } from '@emporium/service/log-schema';
import { fieldsOf } from './summary.ts';

interface RecordOptions {
  readonly service: string;
  readonly logFile: string;
}

/** Lines printed within this time of each other belong together, such as those of a stack trace, in milliseconds. */
const togetherMs = 50;
/** The longest text of one event, in characters. */
const maxText = 16_384;
/** The most that is kept of the output of one process, in characters: a service logs to its file, and prints next to nothing. */
const maxOutput = 1_048_576;
/** How long after its end the output of a process is waited for: a process that it has started may hold the pipe open. */
const drainMs = 500;

const levels = { stdout: 'info', stderr: 'error' } as const;

/**
 * Adds what a process prints to its log file, as events of one line: Node's report of an error that nobody caught, for example, which
 * has several lines. What is a log line already stays as it is. Resolves when the process has ended and all is written.
 */
export const recordOutput = (child: ChildProcess, options: RecordOptions): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const recorders = [
    recordStream(child.stdout, 'stdout', child.pid, options),
    recordStream(child.stderr, 'stderr', child.pid, options),
  ];
  const finish = (): void => {
    for (const recorder of recorders) recorder.flush();
    resolve();
  };
  child.once('close', finish);
  child.once('error', finish);
  child.once('exit', () => setTimeout(finish, drainMs).unref());
  return promise;
};

const recordStream = (
  stream: Readable | null,
  output: keyof typeof levels,
  pid: number | undefined,
  { service, logFile }: RecordOptions,
): { readonly flush: () => void } => {
  const decoder = new StringDecoder('utf8');
  let partial = '';
  let together = '';
  let written = 0;
  let timer: NodeJS.Timeout | undefined;

  const append = (line: string): void => {
    if (written >= maxOutput) return;
    written += line.length;
    const isLast = written >= maxOutput;
    try {
      appendFileSync(
        logFile,
        `${line}\n${isLast ? `${eventOf('more output of this process is not kept')}\n` : ''}`,
      );
    } catch {
      // A full disk must not end the launcher: the output is lost, as the lines of the service are.
    }
  };
  const eventOf = (text: string): string =>
    JSON.stringify({
      [baseFields.level]: levels[output],
      [baseFields.time]: new Date().toISOString(),
      [baseFields.service]: service,
      [baseFields.version]: release,
      ...(pid === undefined ? {} : { [baseFields.pid]: pid }),
      [baseFields.ecsVersion]: ecsVersion,
      [logFields.output.field]: output,
      [baseFields.message]: scrub(text).slice(0, maxText),
    });
  const flushTogether = (): void => {
    if (timer !== undefined) clearTimeout(timer);
    timer = undefined;
    const text = together.trimEnd();
    together = '';
    if (text !== '') append(eventOf(text));
  };
  const take = (line: string): void => {
    if (fieldsOf(line)?.[baseFields.time] === undefined) {
      together += `${line}\n`;
      if (together.length >= maxText) flushTogether();
      return;
    }
    flushTogether();
    append(line);
  };

  stream?.on('error', () => undefined);
  stream?.on('data', (chunk: Buffer) => {
    const lines = `${partial}${decoder.write(chunk)}`.split('\n');
    partial = lines.pop() ?? '';
    if (partial.length >= maxText) lines.push(partial.slice(0, maxText));
    if (partial.length >= maxText) partial = '';
    for (const line of lines) take(line);
    timer ??= setTimeout(flushTogether, togetherMs).unref();
  });
  return {
    flush: () => {
      if (partial !== '') take(partial);
      partial = '';
      flushTogether();
    },
  };
};
