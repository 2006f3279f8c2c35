import type { JSX } from 'preact';
import { Ago, Shown } from '../../shared/components.tsx';
import { formatDuration } from '../../shared/format.ts';
import { useResource } from '../../shared/resource.ts';
import type { HandledMessage } from './sources.ts';

/** The messages that a subscription has handled last, from some contracts. */
export const LastMessages = ({
  subscription,
  contracts,
}: {
  readonly subscription: string;
  readonly contracts: readonly string[];
}): JSX.Element => {
  const { state, reload } = useResource<{ readonly messages: readonly HandledMessage[] }>(
    `/api/admin/messages?limit=50&subscription=${encodeURIComponent(subscription)}`,
    3_000,
  );
  return (
    <Shown of={state.value} what="its last messages" retry={reload}>
      {({ messages }) => <Messages messages={messages.filter((each) => isOf(contracts, each)).slice(0, 8)} />}
    </Shown>
  );
};

const isOf = (contracts: readonly string[], { type = '' }: HandledMessage): boolean =>
  contracts.includes(type.replace(/\.v\d+$/, ''));

const Messages = ({ messages }: { readonly messages: readonly HandledMessage[] }): JSX.Element =>
  messages.length === 0 ? (
    <p class="soft small">No message in the last hour.</p>
  ) : (
    <ol class="flow-messages">
      {messages.map((message) => (
        <li key={message.spanId}>
          <a href={`/console/traces/${encodeURIComponent(message.correlationId ?? message.traceId)}`}>
            {message.type ?? 'a message'}
          </a>{' '}
          <span class="soft small">
            <Ago at={message.at} />, {formatDuration(message.durationMs)}
          </span>
          {message.isError ? (
            <span class="field-error" dir="auto">
              {' '}
              {message.outcome === 'retry' ? 'to be tried again: ' : ''}
              {message.error ?? message.outcome}
            </span>
          ) : null}
        </li>
      ))}
    </ol>
  );
