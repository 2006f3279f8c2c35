import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { request } from '../../shared/api.ts';
import { failureOf } from '../../shared/failure.ts';
import { shopClock } from '../../shared/shop-clock.ts';
import { shortId } from '../orders/order.ts';
import { newMessageId, receiver, requestOf, type TestMessage, testMessages } from './test-message.ts';

/** Messages that a consumer must be prepared for, to be sent by hand. */
export const TestMessages = (): JSX.Element => (
  <>
    <p class="soft small">
      They go to <code>{receiver}</code>, which sends a mail to each new user.
    </p>
    <ul class="faults">
      {testMessages.map((message) => (
        <TestMessageCard key={message.title} message={message} />
      ))}
    </ul>
  </>
);

type Sent = { readonly messageId: string } | { readonly failure: string };

const TestMessageCard = ({ message }: { readonly message: TestMessage }): JSX.Element => {
  const sent = useSignal<Sent | undefined>(undefined);
  const isBusy = useSignal(false);
  const send = async (): Promise<void> => {
    isBusy.value = true;
    const now = new Date(shopClock.now());
    const messageId = newMessageId(now, crypto.randomUUID());
    const body = requestOf(message, messageId, now);
    let failure = '';
    for (let copy = 0; copy < message.copies && failure === ''; copy += 1)
      failure = failureOf(await request('/api/admin/messages', { method: 'POST', body }));
    sent.value = failure === '' ? { messageId } : { failure };
    isBusy.value = false;
  };
  return (
    <li class="fault card">
      <h3>{message.title}</h3>
      <p class="small soft">{message.expect}</p>
      <button
        type="button"
        aria-label={`Send it: ${message.title}`}
        disabled={isBusy.value}
        onClick={() => void send()}
      >
        Send it
      </button>
      <div role="status">{sent.value === undefined ? null : <SentNote sent={sent.value} />}</div>
    </li>
  );
};

const SentNote = ({ sent }: { readonly sent: Sent }): JSX.Element =>
  'failure' in sent ? (
    <p class="field-error">{sent.failure}</p>
  ) : (
    <p class="small">
      Sent: message{' '}
      <a href={`/console/traces/${sent.messageId}`}>
        <code>{shortId(sent.messageId)}</code>
      </a>
    </p>
  );
