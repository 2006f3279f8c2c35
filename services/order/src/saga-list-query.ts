import type { SagaQuery } from '@emporium/saga';
import { pageLimit } from '@emporium/service';
import { z } from 'zod';
import { sagaNames } from './administered-sagas.ts';
import { sagaState } from './saga-views.ts';

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const durationPattern = /^(\d{1,6})([smhd])$/;

/** A duration such as 30s, 10m, 2h or 1d, in milliseconds. */
const duration = z
  .string()
  .regex(durationPattern, 'must be a duration, such as 30s, 10m, 2h or 1d')
  .transform((text) => {
    const [, count = '0', unit = 's'] = durationPattern.exec(text) ?? [];
    return Number(count) * (unitMs[unit as keyof typeof unitMs] ?? 0); // the pattern has no other unit
  });

const cursorPattern = /^([01])\.(\d{1,15})\.([0-9a-f-]{36})$/;

/** The last saga of the previous page, and the time of the first page: what is overdue is decided once for all pages. */
interface Cursor {
  readonly isOverdue: boolean;
  readonly asOf: Date;
  readonly id: string;
}

const after = z
  .string()
  .regex(cursorPattern, 'must be that of the `next` page of a list')
  .transform((text): Cursor => {
    const [, overdue, asOf, id = ''] = cursorPattern.exec(text) ?? [];
    return { isOverdue: overdue === '1', asOf: new Date(Number(asOf)), id };
  });

export const sagaListQuery = z.object({
  saga: z.enum(sagaNames).optional(),
  state: sagaState.optional().describe('By default those that have not ended'),
  step: z.string().min(1).max(40).optional().describe('Those that wait for this step'),
  olderThan: duration.optional().describe('Started longer ago than this: 30s, 10m, 2h, 1d'),
  limit: pageLimit(1_000, 50),
  after: after.optional(),
});

/** The query for one more page, and the cursor of a saga on it. */
export const pageOf = ({ state, step, olderThan, after: last }: z.output<typeof sagaListQuery>) => {
  const asOf = last?.asOf ?? new Date();
  const query: Omit<SagaQuery, 'limit'> = {
    ...{ status: state, step, asOf, after: last },
    startedBefore: olderThan === undefined ? undefined : new Date(asOf.getTime() - olderThan),
  };
  return {
    query,
    cursorOf: ({ isOverdue, id }: { readonly isOverdue: boolean; readonly id: string }): string =>
      `${isOverdue ? 1 : 0}.${asOf.getTime()}.${id}`,
  };
};
