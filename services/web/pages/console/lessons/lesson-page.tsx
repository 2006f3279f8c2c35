import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { isDevelopment } from '../break-it/development.ts';
import { LessonSteps, Prose } from './lesson-steps.tsx';
import './lessons.css';
import { lessonNamed } from './lessons.ts';
import { NeedsStandIns } from './needs-stand-ins.tsx';
import { beginLesson, progress } from './stored-progress.ts';

export const LessonPage = ({ name }: { readonly name: string }): JSX.Element => {
  const lesson = lessonNamed(name);
  const message = useSignal('');
  const isBusy = useSignal(false);
  if (lesson === undefined)
    return (
      <>
        <h1>There is no such lesson</h1>
        <p>
          <a href="/console/lessons">All lessons</a>
        </p>
      </>
    );
  const start = async (): Promise<void> => {
    isBusy.value = true;
    message.value = await beginLesson(lesson.name);
    isBusy.value = false;
  };
  const isBegun = progress.value.lessons[lesson.name] !== undefined;
  return (
    <article class="lesson">
      <p class="small soft">
        <a href="/console/lessons">Lessons</a> · {lesson.number}
      </p>
      <h1>{lesson.title}</h1>
      <NeedsStandIns />
      <Prose html={lesson.introductionHtml} />
      {isDevelopment.value === true ? (
        <p>
          <button
            type="button"
            class={isBegun ? undefined : 'primary'}
            disabled={isBusy.value}
            onClick={() => void start()}
          >
            {isBegun ? 'Begin again' : 'Begin'}
          </button>
        </p>
      ) : null}
      <p role="alert">{message.value}</p>
      <LessonSteps lesson={lesson} level={2} />
    </article>
  );
};
