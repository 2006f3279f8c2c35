import { expect, test } from 'vitest';
import { parseLesson } from './parse-lesson.ts';

const text = `# Two *lives*

What you will see.

## Do this
<!-- check: done-this -->

On [Break it](/console/break-it), as in [the first](1-a-first-one.md), [the shop](/) and
[\`code.ts\`](../../packages/code.ts).

## Read this

Nothing to do.

## What you have seen

That it works.
`;

test('a lesson has an introduction, steps with or without a check, and an ending', () => {
  const lesson = parseLesson('2-two-lives.md', text);
  expect(lesson).toMatchObject({ name: 'two-lives', number: 2, title: 'Two *lives*' });
  expect(lesson.introductionHtml).toBe('<p>What you will see.</p>\n');
  expect(lesson.steps.map(({ heading, check }) => [heading, check])).toEqual([
    ['Do this', 'done-this'],
    ['Read this', undefined],
  ]);
  expect(lesson.ending).toEqual({ heading: 'What you have seen', html: '<p>That it works.</p>\n' });
});

test('links lead to pages, other lessons and the shop in a tab of its own; files of the repository are text', () => {
  const [step] = parseLesson('2-two-lives.md', text).steps;
  expect(step?.html).toContain('<a href="/console/break-it">Break it</a>');
  expect(step?.html).toContain('<a href="/console/lessons/a-first-one">the first</a>');
  expect(step?.html).toContain('<a href="/" target="_blank" rel="noreferrer">the shop</a>');
  expect(step?.html).toContain('<code>code.ts</code>.');
  expect(step?.html).not.toContain('packages/code.ts');
  expect(step?.html).not.toContain('<!--');
});

test.each([
  ['README.md', text],
  ['2-two-lives.md', 'No title'],
])('%s is not a lesson when its name or its title is missing', (name, markdown) =>
  expect(() => parseLesson(name, markdown)).toThrow(name),
);
