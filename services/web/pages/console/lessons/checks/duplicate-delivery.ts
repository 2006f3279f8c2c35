import { shortId } from '../../orders/order.ts';
import type { Check } from '../check.ts';
import {
  actionsSince,
  done,
  ledgerOf,
  notDone,
  ordersSince,
  type Reader,
  reading,
  type SeenOrder,
} from '../reading.ts';

const target = 'email.welcome';

/** The ids of messages that were sent twice or more. */
const sentTwice = async (reader: Reader): Promise<readonly string[]> => {
  const sent = await actionsSince(reader, 'message.send', { target, since: reader.begunAt });
  const ids = sent.map(({ details }) => String(details['messageId']));
  return [...new Set(ids)].filter((id) => ids.filter((each) => each === id).length > 1);
};

interface Delivery {
  readonly messageId?: string;
  readonly outcome: string;
}

interface Mail {
  readonly to: readonly string[];
}

interface TraceOfOrder {
  readonly traces: readonly {
    readonly spans: readonly {
      readonly service: string;
      readonly attributes: Readonly<Record<string, unknown>>;
    }[];
  }[];
}

const notSent = 'No message was sent twice yet.';

const wasRepeated = async ({ read }: Reader, { orderId }: SeenOrder): Promise<boolean> => {
  const { correlationId } = await read<{ readonly correlationId?: string }>(`/api/orders/${orderId}`);
  if (correlationId === undefined) return false;
  const { traces } = await read<TraceOfOrder>(`/api/admin/trace/${encodeURIComponent(correlationId)}`);
  return traces.some(({ spans }) =>
    spans.some(
      ({ service, attributes }) =>
        service === 'payment' && Number(attributes['http.request.resend_count'] ?? 0) > 0,
    ),
  );
};

export const checks: Readonly<Record<string, Check>> = {
  'sent-twice': reading(async (reader) => {
    const [id] = await sentTwice(reader);
    return id === undefined ? notDone(notSent) : done(`Message ${shortId(id)} was sent twice.`);
  }),

  'delivered-twice': reading(async (reader) => {
    const ids = await sentTwice(reader);
    for (const id of ids) {
      const { messages } = await reader.read<{ readonly messages: readonly Delivery[] }>(
        `/api/admin/messages?subscription=${target}&messageId=${id}`,
      );
      const acked = messages.filter(({ outcome }) => outcome === 'ack').length;
      if (acked > 1) return done(`Message ${shortId(id)} was delivered and acknowledged ${acked} times.`);
    }
    return notDone(ids.length === 0 ? notSent : 'The second delivery is not seen yet.');
  }),

  'one-mail': reading(async (reader) => {
    const ids = await sentTwice(reader);
    for (const id of ids) {
      const address = `${id}@example.com`;
      const { mails } = await reader.read<{ readonly mails: readonly Mail[] }>(
        `/api/mails?to=${encodeURIComponent(address)}`,
      );
      if (mails.length === 1) return done(`One mail arrived for ${shortId(id)}.`);
    }
    return notDone(ids.length === 0 ? notSent : 'The mail has not arrived yet.');
  }),

  'charged-once': reading(async (reader) => {
    const orders = (await ordersSince(reader, reader.begunAt)).filter(({ status }) => status === 'completed');
    for (const order of orders) {
      if (!(await wasRepeated(reader, order))) continue;
      const lines = await ledgerOf(reader, order);
      if (lines.length === 1 && lines[0]?.status === 'captured')
        return done(
          `The request for order ${shortId(order.orderId)} was repeated, and the card was charged once.`,
        );
    }
    return notDone('No order was completed yet whose payment had to be requested again.');
  }),
};
