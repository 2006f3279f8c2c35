import type { JSX } from 'preact';
import { formatDuration } from '../../shared/format.ts';
import { type FlowEdge, type Lane, rateText } from './flow-graph.ts';
import { LastMessages } from './last-messages.tsx';
import { PauseForm } from './pause-form.tsx';

interface EdgePanelProps {
  readonly edge: FlowEdge;
  readonly done: () => void;
}

/** An edge: what goes along it, how fast, what waits, and the last messages. */
export const EdgePanel = ({ edge, done }: EdgePanelProps): JSX.Element =>
  edge.lanes.length === 0 ? (
    <p>
      Requests: {rateText(edge.ratePerSecond) || 'none now'}, {edge.errors} errors.
    </p>
  ) : (
    <div>
      {edge.lanes.map((lane) => (
        <section key={lane.subscription} aria-label={lane.subscription}>
          <h3>
            <code>{lane.subscription}</code>
            {lane.state === 'paused' ? <span class="badge warn">paused</span> : null}
          </h3>
          <Figures lane={lane} />
          <details>
            <summary>
              {lane.contracts.length === 1 ? '1 contract' : `${lane.contracts.length} contracts`}
            </summary>
            <ul class="plain-list small">
              {lane.contracts.map((name) => (
                <li key={name}>
                  <a href={`/docs/events#${name}`}>{name}</a>
                </li>
              ))}
            </ul>
          </details>
          <h4>Last messages</h4>
          <LastMessages subscription={lane.subscription} contracts={lane.contracts} />
          <PauseForm lane={lane} done={done} />
        </section>
      ))}
    </div>
  );

const Figures = ({
  lane: { queue, ratePerSecond, errors, p50Ms, p95Ms },
}: {
  readonly lane: Lane;
}): JSX.Element => (
  <dl class="flow-figures">
    <Figure name="Rate" value={rateText(ratePerSecond) || 'none now'} />
    <Figure name="Errors" value={String(errors)} look={errors > 0 ? 'bad' : ''} />
    <Figure name="Waiting" value={queue === undefined ? 'unknown' : String(queue.waiting)} />
    {queue?.unacked === undefined ? null : <Figure name="In hand" value={String(queue.unacked)} />}
    {queue?.oldestAgeSeconds === undefined || queue.waiting === 0 ? null : (
      <Figure name="Oldest" value={formatDuration(queue.oldestAgeSeconds * 1_000)} />
    )}
    {p50Ms === undefined ? null : <Figure name="Median" value={formatDuration(p50Ms)} />}
    {p95Ms === undefined ? null : <Figure name="95 %" value={formatDuration(p95Ms)} />}
  </dl>
);

const Figure = ({
  name,
  value,
  look = '',
}: {
  readonly name: string;
  readonly value: string;
  readonly look?: string;
}): JSX.Element => (
  <div class={look}>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);
