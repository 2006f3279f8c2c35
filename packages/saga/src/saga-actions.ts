import type { Tx } from '@emporium/store';
import { type Kysely, sql } from 'kysely';
import type { RepairInput } from './inputs.ts';
import type { Parking, SagaStatus } from './state.ts';

/** What a person did about a parked saga. */
export interface SagaAction {
  readonly action: RepairInput['kind'];
  /** Of `resolve`. */
  readonly outcome?: 'done' | 'abandoned';
  /** Where the saga was parked: what it would be without that, the step, and why it was parked. */
  readonly from: Parking & { readonly status: SagaStatus };
  /** The id of the person. */
  readonly by: string;
  readonly note?: string;
  readonly at: Date;
}

interface Row {
  readonly action: RepairInput['kind'];
  readonly outcome: 'done' | 'abandoned' | null;
  readonly from_status: SagaStatus;
  readonly from_step: string;
  readonly from_reason: string;
  readonly by: string;
  readonly note: string | null;
  readonly at: Date;
}

export const insertAction = async <DB>(
  tx: Tx<DB>,
  name: string,
  id: string,
  { action, outcome, from, by, note, at }: SagaAction,
): Promise<void> => {
  await sql`
    insert into saga_action (saga, id, action, outcome, from_status, from_step, from_reason, by, note, at)
    values (${name}, ${id}, ${action}, ${outcome ?? null}, ${from.status}, ${from.step}, ${from.reason}, ${by},
      ${note ?? null}, ${at})`.execute(tx);
};

/** The newest actions of a saga, the oldest of them first. */
export const readActions = async <DB>(db: Kysely<DB>, name: string, id: string): Promise<SagaAction[]> => {
  const { rows } = await sql<Row>`
    select action, outcome, from_status, from_step, from_reason, by, note, at from saga_action
    where saga = ${name} and id = ${id} order by position desc limit ${maxActions}`.execute(db);
  return rows.toReversed().map(({ action, outcome, from_status, from_step, from_reason, by, note, at }) => ({
    ...{ action, by, at, from: { status: from_status, step: from_step, reason: from_reason } },
    ...(outcome === null ? {} : { outcome }),
    ...(note === null ? {} : { note }),
  }));
};

const maxActions = 100;
