import type { ShopClient } from './client.ts';
import { eventually } from './eventually.ts';
import { inBatches } from './invariants/in-batches.ts';
import type { Invariant } from './invariants/invariant.ts';
import { pointsAddUp } from './invariants/points-add-up.ts';
import { isFinalRefund, piecesOf, refundsAddUp } from './invariants/refunds-add-up.ts';
import { isSettledByHand, settledByHandOf } from './invariants/settled-by-hand.ts';
import type { Mail } from './mails.ts';
import type { FailedTaskView, OrderSummary, OrderView } from './views.ts';

export interface InvariantOptions {
  /** Orders that are expected to wait for an administrator. */
  readonly parked?: readonly string[];
  readonly timeoutMs?: number;
}

/** Waits until every order is final, then checks orders, refunds, stock, money, shipments, points and mails against each other. */
export const checkInvariants = async (
  client: ShopClient,
  { parked = [], timeoutMs = 120_000 }: InvariantOptions = {},
): Promise<Invariant[]> => {
  const isSettled = ({ orderId, status }: OrderSummary) =>
    status === 'completed' || status === 'cancelled' || parked.includes(orderId);
  const orders = await eventually(
    'every order is final',
    () => client.allOrders(),
    (all) => all.every(isSettled),
    timeoutMs,
  ).catch(() => client.allOrders());
  const completed = orders.filter(({ status }) => status === 'completed');
  const cancelled = orders.filter(({ status }) => status === 'cancelled');
  const views = await eventually(
    'every refund is final',
    () => inBatches(completed, ({ orderId }) => client.adminOrder(orderId)),
    (all) => all.every(({ refunds }) => refunds.every(isFinalRefund)),
    timeoutMs,
  ).catch(() => inBatches(completed, ({ orderId }) => client.adminOrder(orderId)));
  const byHand = [...views, ...(await inBatches(cancelled, ({ orderId }) => client.adminOrder(orderId)))];
  const isDoneByHand = (what: string) => (order: { readonly orderId: string }) =>
    byHand.some((view) => view.orderId === order.orderId && isSettledByHand(view, what));
  const stockByHand = ['stock sold', 'stock released'].some((what) =>
    byHand.some((view) => isSettledByHand(view, what)),
  );
  return [
    {
      name: 'every order is final',
      checked: `${orders.length} orders: ${completed.length} completed, ${cancelled.length} cancelled`,
      violations: orders
        .filter((order) => !isSettled(order))
        .map(({ orderId, status }) => `${orderId} is ${status}`),
    },
    refundsAddUp(views),
    await stockAddsUp(client, views, parked.length > 0 || stockByHand),
    await moneyAddsUp(client, views, cancelled),
    await ledgersAgree(client),
    await shipmentsMatch(
      client,
      completed.filter((order) => !isDoneByHand('dispatched')(order)),
      cancelled.filter((order) => !isDoneByHand('dispatch stopped')(order)),
    ),
    await pointsAddUp(client, completed, views, timeoutMs),
    await mailsAreSentOnce(client, views, cancelled, timeoutMs),
    await alertsAreMailedOnce(client, timeoutMs),
  ];
};

/** Throws with every violation. */
export const assertInvariants = async (client: ShopClient, options?: InvariantOptions): Promise<void> => {
  const violations = (await checkInvariants(client, options)).flatMap(({ name, violations: found }) =>
    found.map((violation) => `${name}: ${violation}`),
  );
  if (violations.length > 0) throw new Error(`invariants do not hold:\n- ${violations.join('\n- ')}`);
};

const stockAddsUp = async (
  client: ShopClient,
  completed: readonly OrderView[],
  mayBeReserved: boolean,
): Promise<Invariant> => {
  const rows = await client.stockRows();
  const ordered = piecesOf(completed.flatMap(({ lines }) => lines));
  const refunded = completed.filter(({ refunds }) => refunds.length > 0);
  const refunds = (await inBatches(refunded, ({ orderId }) => client.refunds(orderId))).flat();
  const returned = piecesOf(
    refunds
      .filter(({ restock, status, byHand }) => restock && status === 'refunded' && !byHand.includes('return'))
      .flatMap(({ lines }) => lines),
  );
  const soldOf = (sku: string) => (ordered.get(sku) ?? 0) - (returned.get(sku) ?? 0);
  return {
    name: 'stock adds up: received = sold + available, nothing reserved for a final order',
    checked: `${rows.length} products`,
    violations: rows.flatMap((row) => [
      ...(row.received === row.sold + row.reserved + row.available
        ? []
        : [
            `${row.sku}: received ${row.received}, sold ${row.sold}, reserved ${row.reserved}, available ${row.available}`,
          ]),
      ...(row.available < 0 ? [`${row.sku}: ${row.available} available`] : []),
      ...(row.reserved === 0 || mayBeReserved ? [] : [`${row.sku}: ${row.reserved} still reserved`]),
      ...(mayBeReserved || row.sold === soldOf(row.sku)
        ? []
        : [`${row.sku}: ${row.sold} sold, completed orders contain ${soldOf(row.sku)} that did not return`]),
    ]),
  };
};

const moneyAddsUp = async (
  client: ShopClient,
  completed: readonly OrderView[],
  cancelled: readonly OrderSummary[],
): Promise<Invariant> => {
  const byOrder = Map.groupBy(await client.ledger(), ({ reference }) => reference);
  const takenFor = (orderId: string) =>
    (byOrder.get(orderId) ?? []).reduce((sum, { captured, refunded }) => sum + captured - refunded, 0);
  const heldFor = (orderId: string) => (byOrder.get(orderId) ?? []).reduce((sum, { held }) => sum + held, 0);
  const expectations = [
    ...completed.map((order) => ({
      orderId: order.orderId,
      taken: order.total.amount - order.refunded.amount - settledByHandOf(order),
    })),
    ...cancelled.map(({ orderId }) => ({ orderId, taken: 0 })),
  ];
  return {
    name: 'money adds up: captured - refunded + settled by hand = what a completed order cost without its refunds, and nothing for a cancelled one',
    checked: `${expectations.length} orders`,
    violations: expectations.flatMap(({ orderId, taken }) => [
      ...(takenFor(orderId) === taken ? [] : [`${orderId}: ${takenFor(orderId)} taken, ${taken} expected`]),
      ...(heldFor(orderId) === 0 ? [] : [`${orderId}: ${heldFor(orderId)} still held`]),
    ]),
  };
};

const ledgersAgree = async (client: ShopClient): Promise<Invariant> => {
  const theirs = Map.groupBy(await client.ledger(), ({ reference }) => reference);
  const ours = await client.payments();
  const known = new Set(ours.map(({ orderId }) => orderId));
  const sum = (orderId: string, amount: 'captured' | 'refunded') =>
    (theirs.get(orderId) ?? []).reduce((total, line) => total + line[amount], 0);
  return {
    name: "our payments equal the provider's ledger",
    checked: `${ours.length} payments`,
    violations: [
      ...ours.flatMap(({ orderId, captured, refunded }) =>
        captured === sum(orderId, 'captured') && refunded === sum(orderId, 'refunded')
          ? []
          : [
              `${orderId}: we have ${captured} - ${refunded}, the provider has ${sum(orderId, 'captured')} - ${sum(orderId, 'refunded')}`,
            ],
      ),
      ...[...theirs.keys()]
        .filter((orderId) => !known.has(orderId))
        .map((orderId) => `${orderId}: only the provider knows it`),
    ],
  };
};

const shipmentsMatch = async (
  client: ShopClient,
  completed: readonly OrderSummary[],
  cancelled: readonly OrderSummary[],
): Promise<Invariant> => {
  const byOrder = Map.groupBy(await client.shipments(), ({ reference }) => reference);
  const shipped = (orderId: string) => byOrder.get(orderId)?.length ?? 0;
  return {
    name: 'one shipment for a completed order, none for a cancelled one',
    checked: `${completed.length + cancelled.length} orders`,
    violations: [
      ...completed
        .filter(({ orderId }) => shipped(orderId) !== 1)
        .map(({ orderId }) => `${orderId}: ${shipped(orderId)}`),
      ...cancelled
        .filter(({ orderId }) => shipped(orderId) !== 0)
        .map(({ orderId }) => `${orderId}: it was shipped`),
    ],
  };
};

const mailsAreSentOnce = async (
  client: ShopClient,
  completed: readonly OrderView[],
  cancelled: readonly OrderSummary[],
  timeoutMs: number,
): Promise<Invariant> => {
  // The mails of an order may be missing where it has an open dead letter or a failed task.
  const open = (await client.deadLetters()).filter(({ subscription }) => subscription === 'email.orders');
  const failed = (await client.failedTasks('email.send')).map(orderIn);
  const excused = new Set([...open.map(({ key }) => key), ...failed]);
  const missing = (mails: readonly Mail[]): string[] => {
    const byOrder = Map.groupBy(mails, (mail) => orderOf(mail) ?? '');
    const wrong = (orders: readonly Mailed[], words: readonly string[]): string[] =>
      orders.flatMap(({ orderId, refunds = [] }) => {
        const subjects = (byOrder.get(orderId) ?? []).map(({ subject }) => subject);
        const mailsWith = (word: string) => subjects.filter((each) => each.includes(word)).length;
        const refunded = refunds.filter(({ status }) => status === 'refunded').length;
        const complete = words.every((word) => mailsWith(word) === 1) && mailsWith('refund') === refunded;
        return complete || excused.has(orderId) ? [] : [`${orderId}: ${subjects.join(', ') || 'no mail'}`];
      });
    return [...wrong(completed, ['confirmed', 'way', 'delivered']), ...wrong(cancelled, ['cancelled'])];
  };
  const since = oldestOf([...completed, ...cancelled]);
  const mails = await eventually(
    'all mails were sent',
    () => client.mailsSince(since),
    (all) => missing(all).length === 0,
    timeoutMs,
  ).catch(() => client.mailsSince(since));
  return {
    name: 'one mail for each event, also after redeliveries',
    checked: `${mails.length} mails`,
    violations: [
      ...duplicates(mails.map(({ messageId }) => messageId)).map((id) => `${id} was delivered twice`),
      ...missing(mails),
    ],
  };
};

type Mailed = Pick<OrderSummary, 'orderId'> & Partial<Pick<OrderView, 'refunds'>>;

/** Checks the alerts that exist when it starts; the sensors continue meanwhile. */
const alertsAreMailedOnce = async (client: ShopClient, timeoutMs: number): Promise<Invariant> => {
  const alerts = await client.sensorAlerts();
  const isOf = (alertId: string) => (mail: Mail) => mail.messageId.includes(alertId);
  const alertMails = async () => [
    ...(await client.mailsAbout('too hot')),
    ...(await client.mailsAbout('a sudden jump')),
  ];
  const wrong = (mails: readonly Mail[]): string[] =>
    alerts
      .map(({ alertId }) => ({ alertId, sent: mails.filter(isOf(alertId)).length }))
      .filter(({ sent }) => sent !== 1)
      .map(({ alertId, sent }) => `${alertId}: ${sent} mails`);
  const mails = await eventually(
    'operations received their mails',
    alertMails,
    (all) => wrong(all).length === 0,
    timeoutMs,
  ).catch(alertMails);
  return {
    name: 'one mail to operations for each alert',
    checked: `${alerts.length} alerts`,
    violations: wrong(mails),
  };
};

/** When the first order was placed, by the time in its id, minus a minute of clock skew. No mail about the orders is older. */
const oldestOf = (orders: readonly Pick<OrderSummary, 'orderId'>[]): Date => {
  const placedAt = orders.map(({ orderId }) => Number.parseInt(orderId.replace('-', '').slice(0, 12), 16));
  return new Date(placedAt.reduce((oldest, at) => Math.min(oldest, at), Date.now()) - 60_000);
};

const orderOf = ({ text }: Mail): string | undefined =>
  /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/.exec(text)?.[0];

/** The order in the data of a task, if any. */
const orderIn = ({ data }: FailedTaskView): string | undefined =>
  /"orderId":"([^"]+)"/.exec(JSON.stringify(data))?.[1];

const duplicates = (values: readonly string[]): string[] => [
  ...new Set(values.filter((value, index) => values.indexOf(value) !== index)),
];
