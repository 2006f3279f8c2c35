import type { JSX } from 'preact';
import { formatDuration } from '../../shared/format.ts';
import { setQuery } from '../../shared/router.ts';
import { type FlowGraph, rateText } from './flow-graph.ts';

/** The graph as a table: for screen readers, and where a drawing is too small. */
export const FlowTable = ({ graph }: { readonly graph: FlowGraph }): JSX.Element => (
  <div class="wide-table">
    <table>
      <caption class="visually-hidden">What goes from which service to which</caption>
      <thead>
        <tr>
          <th scope="col">From</th>
          <th scope="col">To</th>
          <th scope="col">Subscription</th>
          <th scope="col" class="number">
            Rate
          </th>
          <th scope="col" class="number">
            Errors
          </th>
          <th scope="col" class="number">
            Waiting
          </th>
          <th scope="col" class="number">
            Median
          </th>
        </tr>
      </thead>
      <tbody>
        {graph.edges.flatMap(({ id, from, to, lanes, ratePerSecond, errors }) =>
          lanes.length === 0
            ? [
                <tr key={id}>
                  <td>{from}</td>
                  <td>{to}</td>
                  <td class="soft">requests</td>
                  <td class="number">{rateText(ratePerSecond) || '–'}</td>
                  <td class="number">{errors || '–'}</td>
                  <td class="number">–</td>
                  <td class="number">–</td>
                </tr>,
              ]
            : lanes.map((lane) => (
                <tr key={`${id}${lane.subscription}`}>
                  <td>{from}</td>
                  <td>{to}</td>
                  <td>
                    <button type="button" class="plain" onClick={() => setQuery({ edge: id, service: '' })}>
                      {lane.subscription}
                    </button>
                    {lane.state === 'paused' ? <span class="badge warn">paused</span> : null}
                  </td>
                  <td class="number">{rateText(lane.ratePerSecond) || '–'}</td>
                  <td class="number">{lane.errors || '–'}</td>
                  <td class="number">{lane.queue?.waiting ?? '–'}</td>
                  <td class="number">{lane.p50Ms === undefined ? '–' : formatDuration(lane.p50Ms)}</td>
                </tr>
              )),
        )}
      </tbody>
    </table>
  </div>
);
