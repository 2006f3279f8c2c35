import type { JSX } from 'preact';
import { path } from '../../shared/router.ts';
import { LessonSteps } from './lesson-steps.tsx';
import './lessons.css';
import { lessonNamed } from './lessons.ts';
import { countDone, type Progress } from './progress.ts';
import { progress } from './stored-progress.ts';

/** The lesson that was begun last, beside every page but its own. */
export const LessonPanel = (): JSX.Element | null => {
  const { open, isFolded = false, lessons: begun } = progress.value;
  const lesson = lessonNamed(open);
  if (lesson === undefined || begun[lesson.name] === undefined) return null;
  const address = `/console/lessons/${lesson.name}`;
  if (path.value === address) return null;
  const { done, of } = countDone(lesson, begun[lesson.name]);
  const { open: _, ...closed } = progress.value;
  const change = (to: Progress) => (): void => {
    progress.value = to;
  };
  return (
    <aside class={`lesson-panel ${isFolded ? 'folded' : ''}`} aria-label="Lesson">
      <div class="lesson-bar">
        <a href={address}>
          Lesson {lesson.number}
          {isFolded ? `: ${done} of ${of}` : ''}
        </a>
        <button
          type="button"
          aria-expanded={!isFolded}
          onClick={change({ ...progress.value, isFolded: !isFolded })}
        >
          {isFolded ? 'Show' : 'Hide'}
          <span class="visually-hidden"> the lesson</span>
        </button>
        <button type="button" onClick={change(closed)}>
          Close<span class="visually-hidden"> the lesson</span>
        </button>
      </div>
      {isFolded ? null : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keyboard
        <section ref={showCurrentStep} class="lesson-text" aria-label={lesson.title} tabIndex={0}>
          <h2>{lesson.title}</h2>
          <LessonSteps lesson={lesson} level={3} />
        </section>
      )}
    </aside>
  );
};

/** After a reload, and when the lesson is shown again. */
const showCurrentStep = (text: HTMLElement | null): void => {
  const step = text?.querySelector<HTMLElement>('[aria-current]');
  if (text !== null && step !== null && step !== undefined) text.scrollTop = step.offsetTop - text.offsetTop;
};
