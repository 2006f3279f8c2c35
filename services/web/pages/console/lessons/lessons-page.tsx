import type { JSX } from 'preact';
import './lessons.css';
import { lessons } from './lessons.ts';
import { NeedsStandIns } from './needs-stand-ins.tsx';
import type { Lesson } from './parse-lesson.ts';
import { countDone } from './progress.ts';
import { progress } from './stored-progress.ts';

export const LessonsPage = (): JSX.Element => (
  <>
    <h1>Lessons</h1>
    <NeedsStandIns />
    <p>
      Five minutes each: do something, watch what follows, and read why. A lesson that you begin stays open
      beside the pages of the console, and sees by itself what you have done.
    </p>
    <ol class="plain-list lesson-list">
      {lessons.map((lesson) => (
        <li key={lesson.name} class="card">
          <h2>
            <a href={`/console/lessons/${lesson.name}`}>
              {lesson.number}. {lesson.title}
            </a>
          </h2>
          <p class="soft">
            <HowFar lesson={lesson} />
          </p>
        </li>
      ))}
    </ol>
  </>
);

const HowFar = ({ lesson }: { readonly lesson: Lesson }): JSX.Element => {
  const mine = progress.value.lessons[lesson.name];
  if (mine === undefined) return <>{lesson.steps.length} steps</>;
  const { done, of } = countDone(lesson, mine);
  return done === of ? (
    <span class="badge good">✓ Done</span>
  ) : (
    <span class="badge">
      {done} of {of} steps are done
    </span>
  );
};
