import { afterCommit, type GroupWork, type Tx } from '@emporium/store';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import type { Outcome } from '../../domain/webhooks/outcome.ts';
import type { Schedule } from '../../domain/webhooks/schedule.ts';
import { type ReceiverState, settleDelivery, settleReceiver } from '../../domain/webhooks/settle.ts';
import { countDeliveries } from '../../metrics.ts';
import type { Tables } from '../../store/tables.ts';
import { recordChange } from './changes.ts';
import type { ClaimedDelivery } from './claim.ts';

/** An attempt that has ended. */
export interface EndedAttempt {
  readonly delivery: Pick<ClaimedDelivery, 'id' | 'webhook_id' | 'claim' | 'attempts' | 'url'>;
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly durationMs: number;
  readonly outcome: Outcome;
  /** The beginning of the response's body. */
  readonly snippet?: string | undefined;
}

export interface SettlePolicy {
  readonly schedule: Schedule;
  /** A webhook whose every attempt failed for so long is disabled. In milliseconds. */
  readonly disableAfterMs: number;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** Why the webhook was disabled now; undefined when it was not, or another attempt of the group says so. */
export type Recorded = string | undefined;

/**
 * Records attempts, and what becomes of their deliveries and webhooks. What another instance has claimed meanwhile, or an administrator
 * removed, stays as it is; but a delivery that has arrived is delivered, whichever instance sent it. What the former URL of a webhook
 * has answered says nothing about the receiver of the present one.
 */
export const recordAttempts =
  (policy: SettlePolicy): GroupWork<Tables, EndedAttempt, Recorded> =>
  async (parts, { tx }) => {
    const attempts = parts
      .map(({ item }) => item)
      .toSorted((one, other) => one.endedAt.getTime() - other.endedAt.getTime());
    const receivers = await lockReceivers(tx, attempts);
    const disabled = await settleReceivers(tx, receivers, attempts, policy);
    await settleDeliveries(tx, receivers, attempts, policy);
    await insertAttempts(tx, attempts);
    return parts.map(({ item: { delivery } }) => {
      const reason = disabled.get(delivery.webhook_id);
      disabled.delete(delivery.webhook_id); // said once
      return reason;
    });
  };

type Receiver = Awaited<ReturnType<typeof lockReceivers>>[number];

const lockReceivers = (tx: Tx<Tables>, attempts: readonly EndedAttempt[]) =>
  tx
    .selectFrom('webhook')
    .select(['id', 'url', 'enabled', 'failing_since', 'throttled_until'])
    .where(
      'id',
      '=',
      sql<string>`any(${[...new Set(attempts.map((each) => each.delivery.webhook_id))]}::uuid[])`,
    )
    .orderBy('id')
    .forNoKeyUpdate()
    .execute();

/** Whether the request went to the receiver's present URL. */
const wentTo = ({ id, url }: Receiver, { delivery }: EndedAttempt): boolean =>
  delivery.webhook_id === id && delivery.url === url;

/** Returns why webhooks were disabled now, by their ids. */
const settleReceivers = async (
  tx: Tx<Tables>,
  receivers: readonly Receiver[],
  attempts: readonly EndedAttempt[],
  { disableAfterMs }: SettlePolicy,
): Promise<Map<string, string>> => {
  const disabled = new Map<string, string>();
  for (const row of receivers) {
    const own = attempts.filter((attempt) => wentTo(row, attempt));
    const before: ReceiverState = { failingSince: row.failing_since, throttledUntil: row.throttled_until };
    const after = own.reduce<ReceiverState>(
      (state, { outcome, endedAt }) => settleReceiver(state, outcome, { at: endedAt, disableAfterMs }),
      before,
    );
    const reason = row.enabled ? after.disabled : undefined;
    if (isSame(before, after) && reason === undefined) continue;
    const at = own.at(-1)?.endedAt ?? new Date();
    await tx
      .updateTable('webhook')
      .set({
        failing_since: after.failingSince,
        throttled_until: after.throttledUntil,
        ...(reason === undefined ? {} : { enabled: false, disabled_at: at, disabled_reason: reason }),
      })
      .where('id', '=', row.id)
      .execute();
    if (reason === undefined) continue;
    disabled.set(row.id, reason);
    const change = { webhookId: row.id, userId: 'bridge', action: 'disabled-by-bridge' } as const;
    await recordChange(tx, { ...change, details: { reason } }, at);
  }
  return disabled;
};

const isSame = (one: ReceiverState, other: ReceiverState): boolean =>
  one.failingSince?.getTime() === other.failingSince?.getTime() &&
  one.throttledUntil?.getTime() === other.throttledUntil?.getTime();

const settleDeliveries = async (
  tx: Tx<Tables>,
  receivers: readonly Receiver[],
  attempts: readonly EndedAttempt[],
  { schedule, random }: SettlePolicy,
): Promise<void> => {
  const settled = attempts
    .map((attempt) => {
      const { delivery, outcome, endedAt } = attempt;
      const isOutdated = !receivers.some((receiver) => wentTo(receiver, attempt));
      const made = { attempts: delivery.attempts, at: endedAt, schedule, random: random(), isOutdated };
      return { ...settleDelivery(outcome, made), delivery, endedAt };
    })
    .toSorted((one, other) => (one.delivery.id < other.delivery.id ? -1 : 1));
  const { rows } = await sql<{ status: string }>`
    update webhook_delivery set
      status = settled.status, attempts = settled.attempts, claim = null,
      next_attempt_at = coalesce(settled.next_attempt_at, webhook_delivery.next_attempt_at),
      settled_at = case when settled.status = 'pending' then null else settled.ended_at end
    from unnest(
      ${settled.map(({ delivery }) => delivery.id)}::uuid[],
      ${settled.map(({ delivery }) => delivery.claim)}::uuid[],
      ${settled.map(({ status }) => status)}::text[],
      ${settled.map(({ attempts: made }) => made)}::integer[],
      ${settled.map(({ nextAttemptAt }) => nextAttemptAt ?? null)}::timestamptz[],
      ${settled.map(({ endedAt }) => endedAt)}::timestamptz[]
    ) as settled (id, claim, status, attempts, next_attempt_at, ended_at)
    where webhook_delivery.id = any(${settled.map(({ delivery }) => delivery.id)}::uuid[]) and webhook_delivery.id = settled.id
      and (webhook_delivery.claim = settled.claim
        or settled.status = 'delivered' and webhook_delivery.status <> 'delivered')
    returning webhook_delivery.status`.execute(tx);
  afterCommit(tx, () => countDeliveries(rows.map(({ status }) => (status === 'pending' ? 'retry' : status))));
};

const insertAttempts = async (tx: Tx<Tables>, attempts: readonly EndedAttempt[]): Promise<void> => {
  await sql`
    insert into webhook_attempt (id, delivery_id, at, duration_ms, status, reason, snippet)
    select attempt.* from unnest(
      ${attempts.map(() => uuid())}::uuid[],
      ${attempts.map(({ delivery }) => delivery.id)}::uuid[],
      ${attempts.map(({ startedAt }) => startedAt)}::timestamptz[],
      ${attempts.map(({ durationMs }) => durationMs)}::integer[],
      ${attempts.map(({ outcome }) => outcome.status ?? null)}::integer[],
      ${attempts.map(({ outcome }) => (outcome.kind === 'failed' ? outcome.reason : null))}::text[],
      ${attempts.map(({ snippet }) => snippet ?? null)}::text[]
    ) as attempt (id, delivery_id, at, duration_ms, status, reason, snippet)
    where attempt.delivery_id = any(array(
      select id from webhook_delivery where id = any(${attempts.map(({ delivery }) => delivery.id)}::uuid[])))`.execute(
    tx,
  );
};
