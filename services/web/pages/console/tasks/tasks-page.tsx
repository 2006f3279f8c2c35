import type { JSX } from 'preact';
import { Shown } from '../../shared/components.tsx';
import { useResource } from '../../shared/resource.ts';
import { query } from '../../shared/router.ts';
import { FailedTasks } from './failed-tasks.tsx';

interface Tasks {
  readonly tasks: readonly { readonly name: string; readonly counts: Readonly<Record<State, number>> }[];
}

const states = ['waiting', 'active', 'delayed', 'completed', 'failed'] as const;
type State = (typeof states)[number];

/** The kinds of tasks, and those of one that have failed. */
export const TasksPage = (): JSX.Element => {
  const kind = query.value.get('kind') ?? '';
  const { state, reload } = useResource<Tasks>('/api/admin/tasks', 2_000);
  return (
    <>
      <h1>Tasks</h1>
      <p>
        Slow background work, such as sending a mail. Each single task is on the{' '}
        <a href="/admin/tasks">board of the queues</a>.
      </p>
      <Shown of={state.value} what="the tasks" retry={reload}>
        {({ tasks }) =>
          tasks.length === 0 ? <p class="soft">There are none.</p> : <Kinds tasks={tasks} kind={kind} />
        }
      </Shown>
      {kind === '' ? null : <FailedTasks key={kind} kind={kind} changed={reload} />}
    </>
  );
};

const Kinds = ({ tasks, kind }: Tasks & { readonly kind: string }): JSX.Element => (
  <table>
    <thead>
      <tr>
        <th scope="col">Task</th>
        {states.map((state) => (
          <th key={state} scope="col" class="number">
            {state}
          </th>
        ))}
      </tr>
    </thead>
    <tbody>
      {tasks.map(({ name, counts }) => (
        <tr key={name}>
          <td>
            <a
              href={`/console/tasks?kind=${encodeURIComponent(name)}`}
              aria-current={name === kind ? 'true' : undefined}
            >
              {name}
            </a>
          </td>
          {states.map((state) => (
            <td key={state} class="number">
              {state === 'failed' && counts.failed > 0 ? (
                <span class="badge bad">{counts.failed}</span>
              ) : (
                counts[state]
              )}
            </td>
          ))}
        </tr>
      ))}
    </tbody>
  </table>
);
