import type { JSX } from 'preact';
import { Ago, Shown } from '../../shared/components.tsx';
import { formatDuration } from '../../shared/format.ts';
import { useResource } from '../../shared/resource.ts';
import { query, setQuery } from '../../shared/router.ts';
import { Waterfall } from '../../shared/waterfall/waterfall.tsx';
import { KeptNotice } from './kept-notice.tsx';
import { SpanDetails } from './span-details.tsx';
import { type Trace, type TraceAnswer, traceAddress } from './trace.ts';
import './traces.css';

/** What followed from one request, by its correlation id, or one trace by its own id. */
export const TracePage = ({ id }: { readonly id: string }): JSX.Element => {
  const { state, reload } = useResource<TraceAnswer>(traceAddress(id), 5_000);
  return (
    <>
      <h1>Trace {id.slice(-8)}</h1>
      <Shown of={state.value} what="the trace" retry={reload}>
        {(answer) => (
          <>
            <DeadLetters of={answer.deadLetters} />
            {answer.traces.length === 0 ? (
              <p class="soft">Of this request only dead letters are left: its spans were not recorded.</p>
            ) : null}
            {answer.traces.map((trace, index) => (
              <TraceSection
                key={trace.traceId}
                id={id}
                trace={trace}
                title={answer.traces.length > 1 ? `Request ${index + 1}` : 'What followed'}
                deadLetters={answer.deadLetters}
              />
            ))}
            <KeptNotice kept={answer.kept} />
          </>
        )}
      </Shown>
      <h2>In the logs</h2>
      <pre class="command">
        <code>npm run logs -- --correlation {id}</code>
      </pre>
    </>
  );
};

interface SectionProps {
  readonly id: string;
  readonly trace: Trace;
  readonly title: string;
  readonly deadLetters: TraceAnswer['deadLetters'];
}

const TraceSection = ({ trace, title, deadLetters }: SectionProps): JSX.Element => {
  const selected = query.value.get('span') ?? undefined;
  const zoomed = query.value.get('zoom') ?? undefined;
  const span = trace.spans.find(({ spanId }) => spanId === selected);
  return (
    <section>
      <h2>{title}</h2>
      <p>
        <Ago at={trace.start} />, {formatDuration(trace.durationMs)}, {trace.spans.length} spans
        {trace.errors === 0 ? null : (
          <>
            , <span class="badge bad">{trace.errors} with errors</span>
          </>
        )}{' '}
        {zoomed === undefined ? null : (
          <button type="button" onClick={() => setQuery({ zoom: '' })}>
            The whole time
          </button>
        )}
      </p>
      {trace.leftOut === 0 ? null : (
        <p class="notice warn">
          The trace is cut: {trace.leftOut} more spans are left out, since an answer has 2,000 at most.
        </p>
      )}
      <Waterfall
        spans={trace.spans}
        selected={selected}
        zoomed={zoomed}
        select={(spanId) => setQuery({ span: spanId === selected ? '' : spanId })}
        label={`${title}: the spans of the trace`}
      />
      <div aria-live="polite">
        {span === undefined ? (
          <p class="soft small">Choose a span to see its attributes.</p>
        ) : (
          <SpanDetails span={span} deadLetters={deadLetters} />
        )}
      </div>
    </section>
  );
};

const DeadLetters = ({ of }: { readonly of: TraceAnswer['deadLetters'] }): JSX.Element | null =>
  of.length === 0 ? null : (
    <div class="notice bad">
      {of.map(({ id, type, subscription, status, reason }) => (
        <p key={id}>
          <a href={`/console/dead-letters/${id}`}>Dead letter</a>: {type} for {subscription}, {status}.{' '}
          <span dir="auto">{reason.message}</span>
        </p>
      ))}
    </div>
  );
