import type { Lesson } from './parse-lesson.ts';

export interface LessonProgress {
  /** By the shop's clock. */
  readonly begunAt: string;
  /** What was seen when each check found its step done, by the name of the check. */
  readonly done: Readonly<Record<string, string>>;
}

export interface Progress {
  readonly lessons: Readonly<Record<string, LessonProgress>>;
  /** The lesson that is shown beside the pages. */
  readonly open?: string;
  readonly isFolded?: boolean;
}

/** Nothing is kept of what cannot be read. */
export const parseProgress = (text: string): Progress => {
  try {
    const { lessons, open, isFolded }: Record<string, unknown> = JSON.parse(text);
    return {
      lessons: Object.fromEntries(
        Object.entries(isRecord(lessons) ? lessons : {}).filter((entry): entry is [string, LessonProgress] =>
          isLessonProgress(entry[1]),
        ),
      ),
      ...(typeof open === 'string' ? { open } : {}),
      ...(isFolded === true ? { isFolded } : {}),
    };
  } catch {
    return { lessons: {} };
  }
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isLessonProgress = (value: unknown): value is LessonProgress =>
  isRecord(value) &&
  typeof value['begunAt'] === 'string' &&
  !Number.isNaN(Date.parse(value['begunAt'])) &&
  isRecord(value['done']) &&
  Object.values(value['done']).every((seen) => typeof seen === 'string');

export const begin = (progress: Progress, name: string, begunAt: string): Progress => ({
  lessons: { ...progress.lessons, [name]: { begunAt, done: {} } },
  open: name,
});

/** A lesson that was begun again in the meantime stays as it is. */
export const addDone = (
  progress: Progress,
  name: string,
  begunAt: string,
  found: Readonly<Record<string, string>>,
): Progress => {
  const before = progress.lessons[name];
  if (before?.begunAt !== begunAt) return progress;
  return {
    ...progress,
    lessons: { ...progress.lessons, [name]: { begunAt, done: { ...found, ...before.done } } },
  };
};

export const checkNames = ({ steps }: Lesson): readonly string[] =>
  steps.flatMap(({ check }) => (check === undefined ? [] : [check]));

/** How many of the steps that are checked are done. */
export const countDone = (
  lesson: Lesson,
  progress: LessonProgress | undefined,
): { readonly done: number; readonly of: number } => {
  const names = checkNames(lesson);
  return { done: names.filter((name) => progress?.done[name] !== undefined).length, of: names.length };
};
