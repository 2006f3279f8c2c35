import type { ComponentChildren, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Ago, Shown } from '../../shared/components.tsx';
import { useResource } from '../../shared/resource.ts';
import { AuditTrail } from './audit-trail.tsx';
import { api, type DeadLetterDetails, type Outcome } from './dead-letter.ts';
import './dead-letters.css';
import { History } from './history.tsx';
import { MessageView } from './message-view.tsx';
import { OutcomeNotice } from './outcome-notice.tsx';
import { Repair } from './repair.tsx';
import { StatusBadge } from './status-badge.tsx';

export const DeadLetterPage = ({ id }: { readonly id: string }): JSX.Element => {
  const path = `${api}/${encodeURIComponent(id)}`;
  // To read a body is recorded: it is read again only when something has happened to the dead letter.
  const outcome = useResource<Outcome>(`${path}/outcome`, 1_500);
  const details = useResource<DeadLetterDetails>(`${path}?bytes=true`);
  const now = outcome.state.value.kind === 'ready' ? outcome.state.value.value : undefined;
  const version = now === undefined ? undefined : versionOf(now.deadLetter);
  const shown = details.state.value.kind === 'ready' ? versionOf(details.state.value.value) : undefined;
  useEffect(() => {
    if (version !== undefined && shown !== undefined && version !== shown) details.reload();
  }, [version]);
  return (
    <>
      <p class="small">
        <a href="/console/dead-letters">All groups</a>
      </p>
      <Shown of={details.state.value} what="the dead letter" retry={details.reload}>
        {(deadLetter) => (
          <>
            <h1>
              {deadLetter.type} <span class="soft">at</span> {deadLetter.subscription}{' '}
              <StatusBadge of={deadLetter} />
            </h1>
            <Failure deadLetter={deadLetter} />
            {now === undefined ? null : <OutcomeNotice outcome={now} />}
            <Facts deadLetter={deadLetter} />
            <Repair
              key={deadLetter.id}
              deadLetter={deadLetter}
              path={path}
              done={() => {
                outcome.reload();
                details.reload();
              }}
            />
            <MessageView deadLetter={deadLetter} />
            <History deadLetter={deadLetter} />
            <AuditTrail target={deadLetter.id} version={versionOf(deadLetter)} />
          </>
        )}
      </Shown>
    </>
  );
};

const versionOf = ({
  status,
  times,
  replays,
}: Pick<DeadLetterDetails, 'status' | 'times' | 'replays'>): string => `${status} ${times} ${replays}`;

interface Part {
  readonly deadLetter: DeadLetterDetails;
}

const Failure = ({ deadLetter: { reason } }: Part): JSX.Element => (
  <div class="failure">
    <p dir="auto">{reason.message}</p>
    <p class="soft small">{reason.code}</p>
  </div>
);

const Facts = ({ deadLetter }: Part): JSX.Element => {
  const { subscription, key, messageId, correlationId, group, failedAt, receivedAt, position } = deadLetter;
  const { times, attempts, replays, size, truncatedFrom } = deadLetter;
  return (
    <dl class="facts">
      <Fact name="Message">
        <code>{messageId}</code>
      </Fact>
      <Fact name="Key">
        {isOrder(deadLetter) ? (
          <a href={`/console/orders/${key}`}>order {key}</a>
        ) : (
          <code dir="auto">{key}</code>
        )}
      </Fact>
      <Fact name="Trace">
        {correlationId === undefined ? (
          'it has no correlation id'
        ) : (
          <a href={`/console/traces/${encodeURIComponent(correlationId)}`}>{correlationId}</a>
        )}
      </Fact>
      <Fact name="Subscription">
        <a href={`/console/dead-letters/list?subscription=${encodeURIComponent(subscription)}`}>
          {subscription}
        </a>
      </Fact>
      {group === undefined ? null : (
        <Fact name="Group">
          <a href={`/console/dead-letters/list?group=${group}`}>those with the same reason</a>
        </Fact>
      )}
      <Fact name="Failed">
        <Ago at={failedAt} />, after {attempts} {attempts === 1 ? 'attempt' : 'attempts'}
      </Fact>
      <Fact name="Failures">
        {times}, with {replays} {replays === 1 ? 'replay' : 'replays'}
      </Fact>
      <Fact name="Stored">
        <Ago at={receivedAt} />
      </Fact>
      <Fact name="Size">
        {size} bytes{truncatedFrom === undefined ? '' : `, the first of ${truncatedFrom}`}
      </Fact>
      {position === undefined ? null : (
        <Fact name="Position">
          <code>{position}</code>
        </Fact>
      )}
    </dl>
  );
};

const Fact = ({
  name,
  children,
}: {
  readonly name: string;
  readonly children: ComponentChildren;
}): JSX.Element => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

/** Messages about an order have its id as their key. */
const isOrder = ({ key, body: { content }, type }: DeadLetterDetails): boolean =>
  /^[0-9a-f-]{36}$/.test(key) && (type.startsWith('order.') || orderIdIn(content) === key);

const orderIdIn = (content: unknown): unknown => fieldOf(fieldOf(content, 'data'), 'orderId');

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
