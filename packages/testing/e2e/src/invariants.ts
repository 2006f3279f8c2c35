import {
  eventually,
  type FailedTaskView,
  type OrderSummary,
  type OrderView,
  type ShopClient,
} from './client.ts';
import type { Mail } from './mails.ts';

/** One promise of the shop, and every place where it does not hold. */
export interface Invariant {
  readonly name: string;
  /** What was looked at: `12 orders`. A check that looked at nothing proves nothing. */
  readonly looked: string;
  readonly violations: readonly string[];
}

export interface InvariantOptions {
  /** Orders that wait for a person on purpose. */
  readonly parked?: readonly string[];
  readonly timeoutMs?: number;
}

/** Waits until every order is final, then checks orders, stock, money, shipments and mails against each other. */
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
  const views = await inBatches(completed, ({ orderId }) => client.adminOrder(orderId));
  return [
    {
      name: 'every order is final',
      looked: `${orders.length} orders: ${completed.length} completed, ${cancelled.length} cancelled`,
      violations: orders
        .filter((order) => !isSettled(order))
        .map(({ orderId, status }) => `${orderId} is ${status}`),
    },
    await stockAddsUp(client, views, parked.length > 0),
    await moneyAddsUp(client, completed, cancelled),
    await ledgersAgree(client),
    await shipmentsMatch(client, completed, cancelled),
    await mailsAreSentOnce(client, completed, cancelled, timeoutMs),
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
  const sold = new Map<string, number>();
  for (const { sku, quantity } of completed.flatMap(({ lines }) => lines)) {
    sold.set(sku, (sold.get(sku) ?? 0) + quantity);
  }
  return {
    name: 'stock adds up: received = sold + available, nothing reserved for a final order',
    looked: `${rows.length} products`,
    violations: rows.flatMap((row) => [
      ...(row.received === row.sold + row.reserved + row.available
        ? []
        : [
            `${row.sku}: received ${row.received}, sold ${row.sold}, reserved ${row.reserved}, available ${row.available}`,
          ]),
      ...(row.available < 0 ? [`${row.sku}: ${row.available} available`] : []),
      ...(row.reserved === 0 || mayBeReserved ? [] : [`${row.sku}: ${row.reserved} still reserved`]),
      ...(mayBeReserved || row.sold === (sold.get(row.sku) ?? 0)
        ? []
        : [`${row.sku}: ${row.sold} sold, completed orders hold ${sold.get(row.sku) ?? 0}`]),
    ]),
  };
};

const moneyAddsUp = async (
  client: ShopClient,
  completed: readonly OrderSummary[],
  cancelled: readonly OrderSummary[],
): Promise<Invariant> => {
  const byOrder = Map.groupBy(await client.ledger(), ({ reference }) => reference);
  const takenFor = (orderId: string) =>
    (byOrder.get(orderId) ?? []).reduce((sum, { captured, refunded }) => sum + captured - refunded, 0);
  const heldFor = (orderId: string) => (byOrder.get(orderId) ?? []).reduce((sum, { held }) => sum + held, 0);
  const expectations = [
    ...completed.map(({ orderId, total }) => ({ orderId, taken: total.amount })),
    ...cancelled.map(({ orderId }) => ({ orderId, taken: 0 })),
  ];
  return {
    name: "money adds up: the provider's ledger has the total of a completed order, and nothing of a cancelled one",
    looked: `${expectations.length} orders`,
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
    looked: `${ours.length} payments`,
    violations: [
      ...ours.flatMap(({ orderId, captured, refunded }) =>
        captured === sum(orderId, 'captured') && refunded === sum(orderId, 'refunded')
          ? []
          : [
              `${orderId}: we say ${captured} - ${refunded}, the provider ${sum(orderId, 'captured')} - ${sum(orderId, 'refunded')}`,
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
    looked: `${completed.length + cancelled.length} orders`,
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
  completed: readonly OrderSummary[],
  cancelled: readonly OrderSummary[],
  timeoutMs: number,
): Promise<Invariant> => {
  // Nothing is lost that is set aside: an open dead letter, or a task that was given up, accounts for the mails of its order.
  const open = (await client.deadLetters()).filter(({ subscription }) => subscription === 'email.orders');
  const givenUp = (await client.failedTasks('email.send')).map(orderIn);
  const excused = new Set([...open.map(({ key }) => key), ...givenUp]);
  const missing = (mails: readonly Mail[]): string[] => {
    const byOrder = Map.groupBy(mails, (mail) => orderOf(mail) ?? '');
    const unlike = (orders: readonly OrderSummary[], words: readonly string[]): string[] =>
      orders.flatMap(({ orderId }) => {
        const subjects = (byOrder.get(orderId) ?? []).map(({ subject }) => subject);
        const complete = words.every((word) => subjects.filter((each) => each.includes(word)).length === 1);
        return complete || excused.has(orderId) ? [] : [`${orderId}: ${subjects.join(', ') || 'no mail'}`];
      });
    return [...unlike(completed, ['confirmed', 'way', 'delivered']), ...unlike(cancelled, ['cancelled'])];
  };
  const since = oldestOf([...completed, ...cancelled]);
  const mails = await eventually(
    'the mails are there',
    () => client.mailsSince(since),
    (all) => missing(all).length === 0,
    timeoutMs,
  ).catch(() => client.mailsSince(since));
  return {
    name: 'one mail for each event, whatever was redelivered',
    looked: `${mails.length} mails`,
    violations: [
      ...doubled(mails.map(({ messageId }) => messageId)).map((id) => `${id} is there twice`),
      ...missing(mails),
    ],
  };
};

/** Sensors go on while this looks: what counts is each alert that was there when it began. */
const alertsAreMailedOnce = async (client: ShopClient, timeoutMs: number): Promise<Invariant> => {
  const alerts = await client.sensorAlerts();
  const isOf = (alertId: string) => (mail: Mail) => mail.messageId.includes(alertId);
  const alertMails = async () => [
    ...(await client.mailsAbout('too hot')),
    ...(await client.mailsAbout('a sudden jump')),
  ];
  const unlike = (mails: readonly Mail[]): string[] =>
    alerts
      .map(({ alertId }) => ({ alertId, sent: mails.filter(isOf(alertId)).length }))
      .filter(({ sent }) => sent !== 1)
      .map(({ alertId, sent }) => `${alertId}: ${sent} mails`);
  const mails = await eventually(
    'operations have their mails',
    alertMails,
    (all) => unlike(all).length === 0,
    timeoutMs,
  ).catch(alertMails);
  return {
    name: 'one mail to operations for each alert',
    looked: `${alerts.length} alerts`,
    violations: unlike(mails),
  };
};

/** When the first of them was placed, which its id tells: no mail of them is older. Clocks may differ by a minute. */
const oldestOf = (orders: readonly OrderSummary[]): Date => {
  const placedAt = orders.map(({ orderId }) => Number.parseInt(orderId.replace('-', '').slice(0, 12), 16));
  return new Date(placedAt.reduce((oldest, at) => Math.min(oldest, at), Date.now()) - 60_000);
};

const orderOf = ({ text }: Mail): string | undefined =>
  /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/.exec(text)?.[0];

/** Wherever in its data a task names one. */
const orderIn = ({ data }: FailedTaskView): string | undefined =>
  /"orderId":"([^"]+)"/.exec(JSON.stringify(data))?.[1];

const doubled = (values: readonly string[]): string[] => [
  ...new Set(values.filter((value, index) => values.indexOf(value) !== index)),
];

const inBatches = async <Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> => {
  const results: Result[] = [];
  for (let from = 0; from < items.length; from += 20) {
    results.push(...(await Promise.all(items.slice(from, from + 20).map(work))));
  }
  return results;
};
