import { currencyDigits, type Money } from '@emporium/contracts';
import type { ShopClient } from './client.ts';
import { eventually } from './eventually.ts';
import type { Mail } from './mails.ts';
import type { FailedTaskView, LoyaltyView, OrderSummary, OrderView } from './views.ts';

/** One invariant of the shop, with all its violations. */
export interface Invariant {
  readonly name: string;
  /** What was checked: `12 orders`. */
  readonly checked: string;
  readonly violations: readonly string[];
}

export interface InvariantOptions {
  /** Orders that are expected to wait for an administrator. */
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
  const views = await eventually(
    'every refund is final',
    () => inBatches(completed, ({ orderId }) => client.adminOrder(orderId)),
    (all) => all.every(({ refunds }) => refunds.every(({ status }) => status === 'refunded')),
    timeoutMs,
  ).catch(() => inBatches(completed, ({ orderId }) => client.adminOrder(orderId)));
  return [
    {
      name: 'every order is final',
      checked: `${orders.length} orders: ${completed.length} completed, ${cancelled.length} cancelled`,
      violations: orders
        .filter((order) => !isSettled(order))
        .map(({ orderId, status }) => `${orderId} is ${status}`),
    },
    refundsAddUp(views),
    await stockAddsUp(client, views, parked.length > 0),
    await moneyAddsUp(client, views, cancelled),
    await ledgersAgree(client),
    await shipmentsMatch(client, completed, cancelled),
    await pointsAddUp(client, completed, timeoutMs),
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

const refundsAddUp = (completed: readonly OrderView[]): Invariant => {
  const all = completed.flatMap(({ refunds }) => refunds);
  return {
    name: 'every refund is final, and no order is refunded more than it cost',
    checked: `${all.length} refunds`,
    violations: completed.flatMap(({ orderId, lines, total, refunded, refunds }) => {
      const sum = refunds.reduce((amount, refund) => amount + refund.amount.amount, 0);
      const pieces = (sku: string) => piecesOf(refunds.flatMap((refund) => refund.lines)).get(sku) ?? 0;
      return [
        ...refunds
          .filter(({ status }) => status !== 'refunded')
          .map(({ refundId, status }) => `${orderId}: refund ${refundId} is ${status}`),
        ...(sum <= total.amount && refunded.amount <= sum
          ? []
          : [`${orderId}: ${refunded.amount} refunded, in refunds of ${sum}, of ${total.amount}`]),
        ...lines
          .filter(({ sku, quantity }) => pieces(sku) > quantity)
          .map(({ sku, quantity }) => `${orderId}: ${pieces(sku)} of ${quantity} ${sku} refunded`),
      ];
    }),
  };
};

const piecesOf = (
  lines: readonly { readonly sku: string; readonly quantity: number }[],
): ReadonlyMap<string, number> => {
  const pieces = new Map<string, number>();
  for (const { sku, quantity } of lines) pieces.set(sku, (pieces.get(sku) ?? 0) + quantity);
  return pieces;
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
    refunds.filter(({ restock, status }) => restock && status === 'refunded').flatMap(({ lines }) => lines),
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
    ...completed.map(({ orderId, total, refunded }) => ({ orderId, taken: total.amount - refunded.amount })),
    ...cancelled.map(({ orderId }) => ({ orderId, taken: 0 })),
  ];
  return {
    name: "money adds up: the provider's ledger has the total of a completed order without its refunds, and nothing of a cancelled one",
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

const pointsAddUp = async (
  client: ShopClient,
  completed: readonly OrderSummary[],
  timeoutMs: number,
): Promise<Invariant> => {
  const refunded = new Map((await client.payments()).map((row) => [row.orderId, row.refunded]));
  const byCustomer = Map.groupBy(completed, ({ customerId }) => customerId);
  const expected = new Map(
    [...byCustomer].map(([customerId, orders]) => [
      customerId,
      orders.reduce((sum, { orderId, total }) => sum + pointsOf(total, refunded.get(orderId) ?? 0), 0),
    ]),
  );
  const wrong = (ledgers: readonly LoyaltyView[]): string[] =>
    ledgers
      .filter(({ customerId, points }) => points !== expected.get(customerId))
      .map(({ customerId, points }) => `${customerId}: ${points}, ${expected.get(customerId)} expected`);
  const readAll = () => inBatches([...expected.keys()], client.adminLoyalty);
  const ledgers = await eventually(
    'all points are credited',
    readAll,
    (all) => wrong(all).length === 0,
    timeoutMs,
  ).catch(readAll);
  return {
    name: 'points add up: a customer has what completed orders earn, without what was refunded',
    checked: `${ledgers.length} customers`,
    violations: wrong(ledgers),
  };
};

/** One for each whole major unit that was paid and not refunded. */
const pointsOf = ({ amount, currency }: Money, refunded: number): number =>
  Math.floor((amount - refunded) / 10 ** currencyDigits(currency));

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
