import { effect, signal } from '@preact/signals';
import { type Answer, request } from '../../shared/api.ts';
import { failureOf } from '../../shared/failure.ts';
import { begin, type Progress, parseProgress } from './progress.ts';

const storageKey = 'emporium-lessons';

const stored = (): string => {
  try {
    return localStorage.getItem(storageKey) ?? '{}';
  } catch {
    return '{}';
  }
};

/** How far the reader is; it survives a reload. */
export const progress = signal<Progress>(parseProgress(stored()));

effect(() => {
  const text = JSON.stringify(progress.value);
  try {
    localStorage.setItem(storageKey, text);
  } catch {
    // A browser that keeps nothing: the lessons last as long as the page.
  }
});

// Another tab of this browser went on with a lesson.
addEventListener('storage', ({ key, newValue }) => {
  if (key === storageKey) progress.value = parseProgress(newValue ?? '{}');
});

/** Begins a lesson, again if it was begun. Returns why it could not be begun, or nothing. */
export const beginLesson = async (name: string): Promise<string> => {
  const answer = await request('/api/users/me');
  const failure = failureOf(answer);
  if (failure === '') progress.value = begin(progress.value, name, timeOf(answer).toISOString());
  return failure;
};

/** The shop's clock, which may differ from the browser's. It has no fractions of a second. */
const timeOf = (answer: Answer<unknown>): Date => {
  const date = new Date(answer.kind === 'ok' ? (answer.headers.get('date') ?? '') : '');
  return Number.isNaN(date.getTime()) ? new Date() : date;
};
