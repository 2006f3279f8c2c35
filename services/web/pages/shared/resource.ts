import { type ReadonlySignal, signal, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { type Answer, type ProblemDocument, request } from './api.ts';
import { failureOf } from './failure.ts';
import { shopClock } from './shop-clock.ts';

/** What a page knows of something that it reads. */
export type Resource<T> =
  | { readonly kind: 'loading' }
  /** `stale`: it could not be read again since; what it shows is of `at`, by the clock of the shop. */
  | { readonly kind: 'ready'; readonly value: T; readonly at: Date; readonly stale?: string }
  | { readonly kind: 'problem'; readonly problem: ProblemDocument }
  | { readonly kind: 'away'; readonly reason: string };

/** While it is true nothing is read again: the live view is paused. */
export const isPaused = signal(false);

export interface Reading<T> {
  readonly state: ReadonlySignal<Resource<T>>;
  /** Reads it now. */
  reload(): void;
}

/**
 * Reads an address of the API now, when it changes, and every `everyMs` while the page is visible and not paused. What was read stays when
 * it cannot be read again, marked as stale.
 */
export const useResource = <T>(path: string | undefined, everyMs?: number): Reading<T> => {
  const state = useSignal<Resource<T>>({ kind: 'loading' });
  const again = useSignal(0);
  const current = useRef(path);

  useSignalEffect(() => void again.value);
  useEffect(() => {
    if (path === undefined) return;
    if (current.current !== path) state.value = { kind: 'loading' };
    current.current = path;
    const left = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = async (isAgain: boolean): Promise<void> => {
      // What nobody has seen yet, or asks for, is read also in a tab in the background and while the view is paused.
      if (!isAgain || (!document.hidden && !isPaused.peek())) {
        const answer = readable(await request<T>(path, { signal: left.signal }));
        if (left.signal.aborted) return;
        const before = state.peek();
        if (answer.kind === 'ok')
          state.value = { kind: 'ready', value: answer.body, at: new Date(shopClock.now()) };
        else if (before.kind !== 'ready' || mustShow(answer)) state.value = answer;
        else state.value = { ...before, stale: failureOf(answer) };
      }
      if (everyMs !== undefined) timer = setTimeout(() => void read(true), everyMs);
    };
    void read(false);
    return () => {
      left.abort();
      clearTimeout(timer);
    };
  }, [path, everyMs, again.value]);

  const reload = (): void => {
    again.value += 1;
  };
  return { state, reload };
};

/** All that pages read are objects; anything else is not from the shop. */
const readable = <T>(answer: Answer<T>): Answer<T> =>
  answer.kind === 'ok' && (typeof answer.body !== 'object' || answer.body === null)
    ? { kind: 'away', reason: 'The answer is no object.' }
    : answer;

/** The session has ended, or the thing is gone: what was shown before is not the caller's any more. */
const mustShow = (answer: { kind: string; problem?: ProblemDocument }): boolean =>
  answer.problem !== undefined && [401, 403, 404].includes(answer.problem.status);
