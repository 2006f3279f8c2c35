import type { DeadLetter, DeadLetterDetails, Outcome } from '../../dead-letters/dead-letter.ts';
import { shortId } from '../../orders/order.ts';
import type { Check } from '../check.ts';
import { actionsSince, done, notDone, type Reader, reading } from '../reading.ts';

const subscription = 'email.welcome';
const path = '/api/admin/dead-letters';

/** Of messages that were sent by hand since the lesson was begun, and were refused. */
const deadLetters = async (reader: Reader): Promise<readonly DeadLetter[]> => {
  const sent = await actionsSince(reader, 'message.send', { target: subscription, since: reader.begunAt });
  const ids = new Set(sent.map(({ details }) => details['messageId']));
  const { deadLetters: found } = await reader.read<{ readonly deadLetters: readonly DeadLetter[] }>(
    `${path}?subscription=${subscription}&limit=100`,
  );
  return found.filter(({ messageId }) => ids.has(messageId));
};

const notThere = 'No poison message has arrived yet.';

/** The first dead letter whose replay was handled. */
const handled = async (reader: Reader): Promise<DeadLetter | undefined> => {
  for (const each of await deadLetters(reader)) {
    if (each.replays === 0) continue;
    const { outcome } = await reader.read<Outcome>(`${path}/${each.id}/outcome`);
    if (outcome === 'handled') return each;
  }
  return undefined;
};

export const checks: Readonly<Record<string, Check>> = {
  'dead-lettered': reading(async (reader) => {
    const [found] = await deadLetters(reader);
    return found === undefined
      ? notDone(notThere)
      : done(`Dead letter ${shortId(found.id)} has the message, after ${attemptsOf(found)}.`);
  }),

  'others-go-on': reading(async (reader) => {
    const [found] = await deadLetters(reader);
    if (found === undefined) return notDone(notThere);
    const since = encodeURIComponent(found.failedAt);
    const { messages } = await reader.read<{ readonly messages: readonly { readonly outcome: string }[] }>(
      `/api/admin/messages?subscription=${subscription}&since=${since}`,
    );
    return messages.some(({ outcome }) => outcome === 'ack')
      ? done('A message behind it was handled, while the poison one is set aside.')
      : notDone('No other message came to email.welcome after it.');
  }),

  repaired: reading(async (reader) => {
    const found = await handled(reader);
    if (found !== undefined) return done(`Dead letter ${shortId(found.id)} was repaired, sent and handled.`);
    const waiting = await deadLetters(reader);
    return notDone(waiting.length === 0 ? notThere : 'It is not repaired and handled yet.');
  }),

  'mail-arrived': reading(async (reader) => {
    const found = await handled(reader);
    if (found === undefined) return notDone('No dead letter is repaired and handled yet.');
    const address = await addressIn(reader, found);
    const { mails } = await reader.read<{
      readonly mails: readonly { readonly subject: string; readonly receivedAt: string }[];
    }>(`/api/mails?to=${encodeURIComponent(address)}`);
    const mine = mails.filter(
      ({ subject, receivedAt }) =>
        subject.startsWith('Welcome') && new Date(receivedAt) >= new Date(found.failedAt),
    );
    return mine.length === 1
      ? done(`The mail to ${address} arrived, once.`)
      : notDone(`${mine.length} mails have arrived for ${address}.`);
  }),
};

/** The address in the message as it was sent again. */
const addressIn = async ({ read }: Reader, { id }: DeadLetter): Promise<string> => {
  const { history } = await read<DeadLetterDetails>(`${path}/${id}`);
  const sent = history.findLast(({ kind, body }) => kind === 'replayed' && body !== undefined);
  const { data } = (sent?.body?.content ?? {}) as { readonly data?: { readonly email?: unknown } }; // its contract accepted it
  return String(data?.email ?? '');
};

const attemptsOf = ({ attempts }: DeadLetter): string =>
  `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`;
