import type { JSX } from 'preact';
import { Ago } from '../../shared/components.tsx';
import { formatDuration } from '../../shared/format.ts';
import { setQuery } from '../../shared/router.ts';
import { lookOfState } from './flow-drawing.tsx';
import type { FlowEdge, FlowGraph } from './flow-graph.ts';
import { PauseForm } from './pause-form.tsx';
import type { ProcessStatus } from './sources.ts';

interface ServicePanelProps {
  readonly name: string;
  readonly process: ProcessStatus | undefined;
  readonly graph: FlowGraph;
  readonly done: () => void;
}

/** A service: its health, what waits in it, its last errors, and its subscriptions. */
export const ServicePanel = ({ name, process, graph, done }: ServicePanelProps): JSX.Element => (
  <>
    {process === undefined ? (
      <p class="soft">The gateway does not watch it.</p>
    ) : (
      <Health process={process} />
    )}
    <h3>Subscriptions</h3>
    <Subscriptions edges={graph.edges.filter(({ to }) => to === name)} done={done} />
  </>
);

const Health = ({ process }: { readonly process: ProcessStatus }): JSX.Element => {
  const { state, since, version, startedAt, failing, waiting, reasons = {}, errors = [] } = process;
  return (
    <>
      <p>
        <span class={`badge ${lookOfState(state)}`}>{state}</span> since <Ago at={since} />
        {version === undefined ? null : `, version ${version}`}
        {startedAt === undefined ? null : (
          <>
            , started <Ago at={startedAt} />
          </>
        )}
      </p>
      {failing.length === 0 ? null : <p class="notice bad">Checks that fail: {failing.join(', ')}</p>}
      {Object.entries(reasons).map(([check, reason]) => (
        <p key={check} class="small" dir="auto">
          {check}: {reason}
        </p>
      ))}
      {waiting.length === 0 ? (
        <p class="soft small">Nothing waits.</p>
      ) : (
        <ul class="plain-list small">
          {waiting.map(({ kind, count, oldestSeconds }) => (
            <li key={kind}>
              {count} {kind}
              {oldestSeconds === undefined ? '' : `, the oldest for ${formatDuration(oldestSeconds * 1_000)}`}
            </li>
          ))}
        </ul>
      )}
      {errors.length === 0 ? null : (
        <>
          <h3>Last errors</h3>
          <ul class="plain-list small">
            {errors.slice(0, 5).map(({ at, message }) => (
              <li key={`${at}${message}`} dir="auto">
                {at === undefined ? null : <Ago at={at} />} {message}
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
};

const Subscriptions = ({
  edges,
  done,
}: {
  readonly edges: readonly FlowEdge[];
  readonly done: () => void;
}): JSX.Element => {
  const names = [...new Set(edges.flatMap(({ lanes }) => lanes.map(({ subscription }) => subscription)))];
  if (names.length === 0) return <p class="soft small">None is shown.</p>;
  return (
    <ul class="plain-list">
      {names.map((name) => {
        const edge = edges.find(({ lanes }) => lanes.some(({ subscription }) => subscription === name));
        const lane = edge?.lanes.find(({ subscription }) => subscription === name);
        if (edge === undefined || lane === undefined) return null;
        return (
          <li key={name}>
            <button type="button" class="plain" onClick={() => setQuery({ edge: edge.id, service: '' })}>
              {name}
            </button>{' '}
            <span class="small">{lane.queue === undefined ? '' : `${lane.queue.waiting} waiting`}</span>
            {lane.state === 'paused' ? <span class="badge warn">paused</span> : null}
            <details>
              <summary class="small">{lane.state === 'paused' ? 'Resume' : 'Pause'}</summary>
              <PauseForm lane={lane} done={done} />
            </details>
          </li>
        );
      })}
    </ul>
  );
};
