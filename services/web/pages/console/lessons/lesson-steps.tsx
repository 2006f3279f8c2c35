import type { JSX } from 'preact';
import { lessons } from './lessons.ts';
import type { Lesson, Section, Step } from './parse-lesson.ts';
import { countDone } from './progress.ts';
import { progress } from './stored-progress.ts';
import { useChecks } from './use-checks.ts';

interface LessonStepsProps {
  readonly lesson: Lesson;
  /** Of the headings of the steps. */
  readonly level: 2 | 3;
}

/** The steps of a lesson, with which of them are done. */
export const LessonSteps = ({ lesson, level }: LessonStepsProps): JSX.Element => {
  const seen = useChecks(lesson);
  const mine = progress.value.lessons[lesson.name];
  const { done, of } = countDone(lesson, mine);
  const current = lesson.steps.find(({ check }) => check !== undefined && mine?.done[check] === undefined);
  return (
    <>
      {mine === undefined ? null : (
        <p class="small soft" role="status">
          {done} of {of} steps are done.
        </p>
      )}
      <ol class="lesson-steps">
        {lesson.steps.map((step) => (
          <StepItem
            key={step.heading}
            step={step}
            level={level}
            isCurrent={mine !== undefined && step === current}
            done={mine?.done[step.check ?? '']}
            seen={seen.value[step.check ?? '']}
          />
        ))}
      </ol>
      {mine !== undefined && done === of ? <Finished lesson={lesson} /> : null}
      {lesson.ending === undefined ? null : (
        <section>
          <Heading level={level} of={lesson.ending} />
          <Prose html={lesson.ending.html} />
        </section>
      )}
    </>
  );
};

interface StepItemProps {
  readonly step: Step;
  readonly level: 2 | 3;
  readonly isCurrent: boolean;
  /** What was seen when it was done. */
  readonly done: string | undefined;
  /** What the check saw last. */
  readonly seen: string | undefined;
}

const StepItem = ({ step, level, isCurrent, done, seen }: StepItemProps): JSX.Element => (
  <li class={done === undefined ? undefined : 'done'} aria-current={isCurrent ? 'step' : undefined}>
    <Heading level={level} of={step} />
    <Prose html={step.html} />
    {done === undefined ? (
      seen === undefined ? null : (
        <p class="small soft">
          <span class="badge">Not yet</span> {seen}
        </p>
      )
    ) : (
      <p class="small">
        <span class="badge good">✓ Done</span> {done}
      </p>
    )}
  </li>
);

const Heading = ({ level, of }: { readonly level: 2 | 3; readonly of: Section }): JSX.Element =>
  level === 2 ? <h2>{of.heading}</h2> : <h3>{of.heading}</h3>;

/** HTML of `docs/lessons`, which is as trustworthy as the code beside it. */
export const Prose = ({ html }: { readonly html: string }): JSX.Element => (
  <div class="prose" dangerouslySetInnerHTML={{ __html: html }} />
);

const Finished = ({ lesson }: { readonly lesson: Lesson }): JSX.Element => {
  const next = lessons.find(({ number }) => number > lesson.number);
  return (
    <p class="notice good" role="status">
      You have done all steps of this lesson.{' '}
      {next === undefined ? (
        <a href="/console/lessons">All lessons</a>
      ) : (
        <>
          Next: <a href={`/console/lessons/${next.name}`}>{next.title}</a>
        </>
      )}
    </p>
  );
};
