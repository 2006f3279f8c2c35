import type { JSX } from 'preact';
import { Shown } from '../../shared/components.tsx';
import type { Resource } from '../../shared/resource.ts';
import type { Process } from './state.ts';

export type Act = (process: Process, action: string) => void;

interface ProcessesProps {
  readonly of: Resource<{ readonly processes: readonly Process[] }>;
  readonly act: Act;
  readonly retry: () => void;
}

/** Where the launcher runs the shop; elsewhere there is no such address. */
export const Processes = ({ of, act, retry }: ProcessesProps): JSX.Element => {
  if (of.kind === 'problem' && of.problem.status === 404)
    return (
      <p class="soft">
        Something else than the launcher runs this shop: kill and start its processes there, for example with{' '}
        <code>docker compose kill payment</code>.
      </p>
    );
  return (
    <>
      <p class="soft small">
        <strong>Kill</strong>: its queues grow, the rest goes on; start it, and they drain.{' '}
        <strong>Crash</strong>: the supervisor restarts it, and what it had not acknowledged is delivered
        again, with one effect. <strong>Freeze</strong>: it holds its connections and answers nothing;
        readiness and deadlines notice, the supervisor does not. <strong>Add one</strong>: two processes share
        the same queues.
      </p>
      <Shown of={of} what="the processes" retry={retry}>
        {({ processes }) => (
          <table class="processes">
            <thead>
              <tr>
                <th scope="col">Process</th>
                <th scope="col">State</th>
                <th scope="col">Do</th>
              </tr>
            </thead>
            <tbody>
              {processes.map((process) => (
                <Row key={process.name} process={process} act={act} />
              ))}
            </tbody>
          </table>
        )}
      </Shown>
    </>
  );
};

const looks = { running: 'good', starting: '', restarting: 'warn', frozen: 'bad', down: 'bad' } as const;

const Row = ({ process, act }: { readonly process: Process; readonly act: Act }): JSX.Element => {
  const { name, state, pid, untouchable, problem } = process;
  return (
    <tr>
      <td>{name}</td>
      <td>
        <span class={`badge ${looks[state]}`}>{state}</span>{' '}
        {pid === undefined ? null : <span class="small soft">process {pid}</span>}
        {problem === undefined ? null : <p class="small">{problem}</p>}
      </td>
      <td>
        {untouchable === undefined ? (
          <div class="actions">
            {actionsOf(process).map(([action, text]) => (
              <button key={action} type="button" onClick={() => act(process, action)}>
                {text}
                <span class="visually-hidden"> {name}</span>
              </button>
            ))}
          </div>
        ) : (
          <span class="soft small">{untouchable}</span>
        )}
      </td>
    </tr>
  );
};

/** Of these there is one; its state is in a file. */
const standIns = ['mailbox', 'provider-simulator', 'sensor-simulator'];

const actionsOf = ({ state, added, service }: Process): readonly (readonly [string, string])[] => {
  switch (state) {
    case 'down':
      return [['start', 'Start']];
    case 'frozen':
      return [
        ['continue', 'Continue'],
        ['kill', 'Kill'],
      ];
    case 'restarting':
      return [['kill', 'Keep it down']];
    case 'starting':
      return [];
    case 'running':
      return [
        ['kill', 'Kill'],
        ['crash', 'Crash'],
        ['freeze', 'Freeze'],
        ...(added ? [['stop', 'Stop'] as const] : []),
        ...(added || standIns.includes(service) ? [] : [['scale', 'Add one'] as const]),
      ];
  }
};
