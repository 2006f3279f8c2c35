import type { JSX } from 'preact';
import { Ago, Shown } from '../../shared/components.tsx';
import { formatDuration } from '../../shared/format.ts';
import { useResource } from '../../shared/resource.ts';
import { navigate, query, setQuery } from '../../shared/router.ts';
import { serviceClass } from '../../shared/service-colour.ts';
import '../../shared/service-colour.css';
import { KeptNotice } from './kept-notice.tsx';
import { type Kept, type TraceSummary, tracePage } from './trace.ts';
import './traces.css';

interface Traces {
  readonly traces: readonly TraceSummary[];
  readonly kept: Kept;
}

/** What each choice leaves in the list. */
const choices = { changes: 'what changes something', errors: 'those with errors', all: 'all' } as const;

export const TracesPage = (): JSX.Element => {
  const asked = query.value.get('only') ?? 'changes';
  const only = asked in choices ? asked : 'changes';
  const filter = new URLSearchParams({ limit: '100', ...(only === 'all' ? {} : { only }) });
  const { state, reload } = useResource<Traces>(`/api/admin/traces?${filter}`, 2_000);
  return (
    <>
      <h1>Traces</h1>
      <div class="filters">
        <label>
          Show
          <select value={only} onChange={({ currentTarget }) => setQuery({ only: currentTarget.value })}>
            {Object.entries(choices).map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        </label>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            const id = String(new FormData(event.currentTarget).get('id') ?? '').trim();
            if (id !== '') navigate(`/console/traces/${encodeURIComponent(id)}`);
          }}
        >
          <label for="trace-id">Correlation or trace id</label>
          <input id="trace-id" name="id" placeholder="Enter opens it" maxLength={200} />
        </form>
      </div>
      <Shown of={state.value} what="the traces" retry={reload}>
        {({ traces, kept }) => (
          <>
            {traces.length === 0 ? <p class="soft">There are none.</p> : <TraceTable traces={traces} />}
            <KeptNotice kept={kept} />
          </>
        )}
      </Shown>
    </>
  );
};

const TraceTable = ({ traces }: { readonly traces: readonly TraceSummary[] }): JSX.Element => (
  <div class="scroll-x">
    <table>
      <caption class="visually-hidden">Traces, the newest first</caption>
      <thead>
        <tr>
          <th scope="col">Trace</th>
          <th scope="col">Started</th>
          <th scope="col" class="number">
            Took
          </th>
          <th scope="col" class="number">
            Spans
          </th>
          <th scope="col" class="number">
            Errors
          </th>
          <th scope="col">Order</th>
        </tr>
      </thead>
      <tbody>
        {traces.map((trace) => (
          <tr key={trace.traceId} class={serviceClass(trace.service)}>
            <td>
              <span class="trace-service">{trace.service}</span> <a href={tracePage(trace)}>{trace.name}</a>
            </td>
            <td>
              <Ago at={trace.start} />
            </td>
            <td class="number">{formatDuration(trace.durationMs)}</td>
            <td class="number">{trace.spans}</td>
            <td class="number">{trace.errors === 0 ? '0' : <span class="badge bad">{trace.errors}</span>}</td>
            <td>
              {trace.orderId === undefined ? (
                ''
              ) : (
                <a href={`/console/orders/${trace.orderId}`}>
                  <code>{trace.orderId.slice(-8)}</code>
                </a>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);
