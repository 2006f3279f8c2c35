import { type ReadonlySignal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { type Answer, request } from '../../shared/api.ts';
import { isPaused } from '../../shared/resource.ts';
import type { CheckContext, Verdict } from './check.ts';
import { checksOf } from './lessons.ts';
import type { Lesson } from './parse-lesson.ts';
import { addDone, checkNames } from './progress.ts';
import { progress } from './stored-progress.ts';

const everyMs = 2_000;

/**
 * Runs the checks of what is not done of a lesson while it is begun, the page is visible and the view is not paused, and keeps what
 * becomes done. Returns what each of the others saw last.
 */
export const useChecks = (lesson: Lesson): ReadonlySignal<Readonly<Record<string, string>>> => {
  const seen = useSignal<Readonly<Record<string, string>>>({});
  const begunAt = progress.value.lessons[lesson.name]?.begunAt;

  useEffect(() => {
    seen.value = {};
    if (begunAt === undefined) return;
    const left = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const run = async (): Promise<void> => {
      if (!document.hidden && !isPaused.peek()) {
        const verdicts = await runChecks(lesson, begunAt, left.signal);
        if (left.signal.aborted) return;
        const done = verdicts.filter(([, { isDone }]) => isDone);
        seen.value = textsOf(verdicts);
        if (done.length > 0) progress.value = addDone(progress.peek(), lesson.name, begunAt, textsOf(done));
      }
      timer = setTimeout(() => void run(), everyMs);
    };
    void run();
    return () => {
      left.abort();
      clearTimeout(timer);
    };
  }, [lesson, begunAt]);
  return seen;
};

type Verdicts = readonly (readonly [name: string, verdict: Verdict])[];

const textsOf = (verdicts: Verdicts): Readonly<Record<string, string>> =>
  Object.fromEntries(verdicts.map(([name, { seen }]) => [name, seen]));

const runChecks = async (lesson: Lesson, begunAt: string, signal: AbortSignal): Promise<Verdicts> => {
  const known = progress.peek().lessons[lesson.name]?.done ?? {};
  const checks = checksOf(lesson);
  const context: CheckContext = { get: readOnce(signal), begunAt: new Date(begunAt) };
  const verdicts = await Promise.all(
    checkNames(lesson)
      .filter((name) => known[name] === undefined)
      .map(async (name) => [name, await checks[name]?.(context)] as const),
  );
  return verdicts.flatMap(([name, verdict]) => (verdict === undefined ? [] : [[name, verdict] as const]));
};

/** Checks of the same lesson read much the same: each address is read once for all of them. */
const readOnce = (signal: AbortSignal): CheckContext['get'] => {
  const answers = new Map<string, Promise<Answer<unknown>>>();
  return async <T>(path: string): Promise<Answer<T>> => {
    const answer = answers.get(path) ?? request(path, { signal });
    answers.set(path, answer);
    return (await answer) as Answer<T>; // what the address answers, as its caller knows
  };
};
