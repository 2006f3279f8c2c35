import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { request } from '../../shared/api.ts';
import { Ago, Shown } from '../../shared/components.tsx';
import { failureOf } from '../../shared/failure.ts';
import { useResource } from '../../shared/resource.ts';

interface FailedTask {
  readonly id: string;
  readonly data: unknown;
  readonly reason: string;
  readonly attempts: number;
  readonly failedAt: string;
}

interface FailedTasksProps {
  readonly kind: string;
  readonly changed: () => void;
}

export const FailedTasks = ({ kind, changed }: FailedTasksProps): JSX.Element => {
  const path = `/api/admin/tasks/${encodeURIComponent(kind)}/failed`;
  const { state, reload } = useResource<{ failed: readonly FailedTask[] }>(`${path}?limit=100`, 3_000);
  const message = useSignal('');
  const act = async ({ id }: FailedTask, action: 'retry' | 'discard'): Promise<void> => {
    const answer = await request(`${path}/${encodeURIComponent(id)}/${action}`, { method: 'POST' });
    message.value = failureOf(answer) || (action === 'retry' ? 'It is tried again.' : 'It was deleted.');
    reload();
    changed();
  };
  return (
    <section aria-labelledby="failed">
      <h2 id="failed">Failed: {kind}</h2>
      <p role="status">{message.value}</p>
      <Shown of={state.value} what="the failed tasks" retry={reload}>
        {({ failed }) =>
          failed.length === 0 ? (
            <p class="soft">None has failed.</p>
          ) : (
            <table>
              <thead>
                <tr>
                  <th scope="col">Failed</th>
                  <th scope="col">Why</th>
                  <th scope="col" class="number">
                    Attempts
                  </th>
                  <th scope="col">Data</th>
                  <th scope="col">Repair</th>
                </tr>
              </thead>
              <tbody>
                {failed.map((task) => (
                  <tr key={task.id}>
                    <td>
                      <Ago at={task.failedAt} />
                    </td>
                    <td dir="auto">{task.reason}</td>
                    <td class="number">{task.attempts}</td>
                    <td>
                      <details>
                        <summary>{task.id}</summary>
                        <pre>{JSON.stringify(task.data, null, 2)}</pre>
                      </details>
                    </td>
                    <td>
                      <div class="actions">
                        <button type="button" onClick={() => void act(task, 'retry')}>
                          Retry
                        </button>
                        <button type="button" class="danger" onClick={() => void act(task, 'discard')}>
                          Discard
                        </button>
                      </div>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </Shown>
    </section>
  );
};
