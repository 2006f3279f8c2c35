import { expect, test } from 'vitest';
import type { Check } from './check.ts';
import { parseLesson } from './parse-lesson.ts';
import { checkNames } from './progress.ts';

const texts = import.meta.glob<string>('../../../../../docs/lessons/[0-9]*.md', {
  eager: true,
  query: '?raw',
  import: 'default',
});
const files = import.meta.glob<Readonly<Record<string, Check>>>(['./checks/*.ts', '!./checks/*.spec.ts'], {
  eager: true,
  import: 'checks',
});
const written = Object.entries(texts).map(([path, text]) => parseLesson(path.replace(/.*\//, ''), text));

test.each(written.map((lesson) => [lesson.name, lesson] as const))(
  '%s has the checks that its steps name, and no others',
  (name, lesson) => {
    const names = checkNames(lesson);
    expect(names.length).toBeGreaterThanOrEqual(2);
    expect(Object.keys(files[`./checks/${name}.ts`] ?? {}).sort()).toEqual([...names].sort());
    expect(lesson.ending).toBeDefined();
  },
);

test('each file of checks belongs to a lesson', () =>
  expect(Object.keys(files).sort()).toEqual(written.map(({ name }) => `./checks/${name}.ts`).sort()));
