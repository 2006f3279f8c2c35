import type { Check } from './check.ts';
import type { Lesson } from './parse-lesson.ts';

/** In their order. Vite's configuration parses the files when the pages are built. */
export const lessons: readonly Lesson[] = Object.values(
  import.meta.glob<Lesson>('../../../../../docs/lessons/[0-9]*.md', { eager: true, import: 'default' }),
).toSorted((one, other) => one.number - other.number);

const checkFiles = import.meta.glob<Readonly<Record<string, Check>>>(
  ['./checks/*.ts', '!./checks/*.spec.ts'],
  { eager: true, import: 'checks' },
);

export const lessonNamed = (name: string | undefined): Lesson | undefined =>
  lessons.find((lesson) => lesson.name === name);

/** By the names that the steps of the lesson use. */
export const checksOf = ({ name }: Lesson): Readonly<Record<string, Check>> =>
  checkFiles[`./checks/${name}.ts`] ?? {};
