import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Shown } from '../../shared/components.tsx';
import { isPaused, type Resource, useResource } from '../../shared/resource.ts';
import { query, setQuery } from '../../shared/router.ts';
import { TimeRange, timeRange } from '../../shared/time-range.tsx';
import { EdgePanel } from './edge-panel.tsx';
import './flow.css';
import { FlowDrawing, type SendAlong } from './flow-drawing.tsx';
import { edgeOfMessage, type FlowGraph, flowGraph } from './flow-graph.ts';
import { type FlowLayout, layOut, shapeOf } from './flow-layout.ts';
import { FlowTable } from './flow-table.tsx';
import { createNewMessages } from './new-messages.ts';
import { ServicePanel } from './service-panel.tsx';
import type {
  HandledMessage,
  Queues,
  RegistryDocument,
  ServiceGraph,
  Status,
  Subscriptions,
} from './sources.ts';

const everyMs = 2_000;

/** The services and what goes between them, live. */
export const FlowPage = (): JSX.Element => {
  const seconds = timeRange();
  const registry = useResource<RegistryDocument>('/docs/flow.json');
  const subscriptions = useResource<Subscriptions>('/api/admin/subscriptions', 5_000);
  const queues = useResource<Queues>('/api/admin/queues', everyMs);
  // The widest window is the dearest to read.
  const seen = useResource<ServiceGraph>(
    `/api/admin/service-graph?seconds=${seconds}`,
    seconds <= 300 ? 5_000 : 20_000,
  );
  const status = useResource<Status>('/admin/status.json', 5_000);
  const options = {
    controls: query.value.get('controls') === 'shown',
    requests: query.value.get('requests') === 'shown',
  };
  const needed = both(registry.state.value, subscriptions.state.value);
  const changed = (): void => {
    subscriptions.reload();
    queues.reload();
  };
  return (
    <>
      <div class="flow-head">
        <h1>Flow</h1>
        <p class="soft" role="status">
          {valueIn(status.state.value)?.headline ?? 'The state of the services is not known.'}
        </p>
      </div>
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <TimeRange />
        <Choice name="requests" text="Requests too" isChosen={options.requests} />
        <Choice name="controls" text="Control messages too" isChosen={options.controls} />
      </form>
      <Missing of={seen.state.value} what="Rates and errors" />
      <Missing of={queues.state.value} what="What waits" />
      <Shown of={needed} what="the services" retry={subscriptions.reload}>
        {([document, { subscriptions: all }]) => (
          <Flow
            graph={flowGraph(
              {
                registry: document,
                subscriptions: all,
                seen: valueIn(seen.state.value),
                queues: valueIn(queues.state.value),
              },
              options,
            )}
            status={valueIn(status.state.value)}
            changed={changed}
          />
        )}
      </Shown>
    </>
  );
};

const valueIn = <T,>(resource: Resource<T>): T | undefined =>
  resource.kind === 'ready' ? resource.value : undefined;

const both = <A, B>(one: Resource<A>, other: Resource<B>): Resource<readonly [A, B]> => {
  if (one.kind !== 'ready') return one;
  return other.kind === 'ready' ? { ...other, value: [one.value, other.value] } : other;
};

/** The graph is shown without what cannot be read. */
const Missing = ({
  of,
  what,
}: {
  readonly of: Resource<unknown>;
  readonly what: string;
}): JSX.Element | null => {
  if (of.kind === 'loading' || (of.kind === 'ready' && of.stale === undefined)) return null;
  return (
    <p class="notice warn" role="status">
      {what} cannot be read now{of.kind === 'ready' ? ': these are the last known.' : '.'}
    </p>
  );
};

const Choice = ({
  name,
  text,
  isChosen,
}: {
  readonly name: string;
  readonly text: string;
  readonly isChosen: boolean;
}): JSX.Element => (
  <label class="choice">
    <input
      type="checkbox"
      checked={isChosen}
      onChange={({ currentTarget }) => setQuery({ [name]: currentTarget.checked ? 'shown' : '' })}
    />
    {text}
  </label>
);

interface FlowProps {
  readonly graph: FlowGraph;
  readonly status: Status | undefined;
  readonly changed: () => void;
}

const Flow = ({ graph, status, changed }: FlowProps): JSX.Element => {
  const layout = useSignal<FlowLayout | undefined>(undefined);
  const sendAlong = useRef<SendAlong>(() => undefined);
  const shape = shapeOf(graph);
  useEffect(() => {
    let isLeft = false;
    void layOut(graph).then((placed) => {
      if (!isLeft) layout.value = placed;
    });
    return () => {
      isLeft = true;
    };
  }, [shape]);
  usePassingMessages(graph, sendAlong);

  const edge = graph.edges.find(({ id }) => id === query.value.get('edge'));
  const service = query.value.get('service') ?? undefined;
  const selected = edge?.id ?? service;
  const process = (name: string) => status?.processes.find((each) => each.name === name);
  return (
    <div class={`flow ${selected === undefined ? '' : 'with-panel'}`}>
      <div class="flow-graph">
        {layout.value === undefined ? (
          <p class="soft" role="status">
            Drawing …
          </p>
        ) : (
          <FlowDrawing
            graph={graph}
            layout={layout.value}
            healthOf={process}
            selected={selected}
            select={(selection) => setQuery({ edge: '', service: '', ...selection })}
            onMoving={(send) => {
              sendAlong.current = send;
            }}
          />
        )}
        <h2>As a table</h2>
        <FlowTable graph={graph} />
      </div>
      {selected === undefined ? null : (
        <Panel key={selected} title={edge === undefined ? selected : `${edge.from} → ${edge.to}`}>
          {edge === undefined ? (
            <ServicePanel name={selected} process={process(selected)} graph={graph} done={changed} />
          ) : (
            <EdgePanel edge={edge} done={changed} />
          )}
        </Panel>
      )}
    </div>
  );
};

/** Each message that is seen for the first time moves along its edge, as long after the others as it was handled after them. */
const usePassingMessages = (graph: FlowGraph, send: { readonly current: SendAlong }): void => {
  const { state } = useResource<{ readonly messages: readonly HandledMessage[] }>(
    '/api/admin/messages?limit=100',
    everyMs,
  );
  const current = useRef(graph);
  current.current = graph;
  const news = useRef(createNewMessages());
  const messages = useComputed(() => valueIn(state.value)?.messages);
  useSignalEffect(() => {
    const passed = news.current(messages.value ?? []);
    if (isPaused.peek() || document.hidden) return;
    const first = Math.min(...passed.map(({ at }) => Date.parse(at)));
    for (const message of passed) {
      const edge = edgeOfMessage(message, current.current);
      if (edge === undefined) continue;
      send.current(edge.id, message.isError, Math.min(everyMs, Date.parse(message.at) - first));
    }
  });
};

interface PanelProps {
  readonly title: string;
  readonly children: JSX.Element;
}

/** Beside the graph; Escape closes it. */
const Panel = ({ title, children }: PanelProps): JSX.Element => {
  const heading = useRef<HTMLHeadingElement>(null);
  const opener = useRef(document.activeElement);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
    return () => {
      if (opener.current instanceof HTMLElement || opener.current instanceof SVGElement)
        opener.current.focus({ preventScroll: true });
    };
  }, []);
  const close = (): void => setQuery({ edge: '', service: '' });
  return (
    <aside
      class="flow-panel card"
      aria-label={title}
      onKeyDown={(event) => {
        if (event.key === 'Escape') close();
      }}
    >
      <div class="flow-panel-head">
        <h2 ref={heading} tabIndex={-1}>
          {title}
        </h2>
        <button type="button" onClick={close}>
          Close
        </button>
      </div>
      {children}
    </aside>
  );
};
