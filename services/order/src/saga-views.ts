import { type ActionExplanation, type SagaAction, sagaStatuses, stepStatuses } from '@emporium/saga';
import { z } from 'zod';
import { type AdministeredSagas, sagaNames } from './administered-sagas.ts';

export const sagaState = z.enum(sagaStatuses);
const parking = z.object({ step: z.string(), reason: z.string() });
const action = z.enum(['retry', 'compensate', 'resolve']);
const outcome = z.enum(['done', 'abandoned']);

const deadline = z.object({
  at: z.string(),
  isOverdue: z.boolean(),
  next: z
    .enum(['resend', 'cancel', 'compensate', 'park'])
    .describe('Send the command again, send the cancellation of the pivot, compensate, or park'),
});

export const sagaSummary = z.object({
  saga: z.enum(sagaNames),
  id: z.string().describe('The id of the order, or of the refund'),
  orderId: z.string(),
  state: sagaState,
  step: z.string().optional().describe('The step that is pending, or at which it is parked'),
  tries: z
    .object({ made: z.int(), of: z.int() })
    .optional()
    .describe('How often the command was sent, and after how often the saga is parked'),
  deadline: deadline.optional(),
  parked: parking.optional(),
  startedAt: z.string(),
  changedAt: z.string(),
  href: z.string(),
});

const stepView = z.object({
  step: z.string(),
  status: z.enum(stepStatuses),
  attempt: z.int(),
  byHand: z.boolean().describe('A person has done it, or taken it back, outside of the system'),
});

const possible = z.object({
  action,
  outcome: outcome.optional(),
  isPossible: z.boolean(),
  reason: z.string().optional().describe('Why it is not possible'),
});

const recorded = z.object({
  action,
  outcome: outcome.optional(),
  from: parking.extend({ state: sagaState }).describe('Where it was parked'),
  by: z.string(),
  note: z.string().optional(),
  at: z.string(),
});

export const sagaDetail = sagaSummary.extend({
  steps: z.array(stepView),
  pending: z.object({ step: z.string(), command: z.enum(['command', 'cancel', 'compensation']) }).optional(),
  refusal: z.string().optional().describe('The last refusal of the pending command'),
  compensationOrder: z.array(z.string()).describe('What would be compensated next, in this order'),
  reason: z.object({ code: z.string(), text: z.string() }).optional().describe('Why it compensates'),
  possible: z.array(possible),
  actions: z.array(recorded).describe('What administrators did, the oldest first'),
  correlationId: z.string(),
  order: z.string().describe('The address of the order'),
});

type Listed = Awaited<ReturnType<AdministeredSagas['list']>>[number];
type Found = NonNullable<Awaited<ReturnType<AdministeredSagas['find']>>>;

export const summaryOf = ({
  saga,
  orderId,
  startedAt,
  changedAt,
  explanation,
}: Listed): z.output<typeof sagaSummary> => {
  const { id, status, pending, tries, deadline: by, parked } = explanation;
  const step = parked?.step ?? pending?.step;
  return {
    ...{ saga, id, orderId, state: status },
    ...(step === undefined ? {} : { step }),
    ...(tries === undefined ? {} : { tries }),
    ...(by === undefined ? {} : { deadline: by }),
    ...(parked === undefined ? {} : { parked }),
    ...{ startedAt: startedAt.toISOString(), changedAt: changedAt.toISOString() },
    href: `/api/admin/sagas/${id}`,
  };
};

export const detailOf = (found: Found): z.output<typeof sagaDetail> => {
  const { explanation, actions, correlationId, orderId } = found;
  const { steps, pending, refusal, compensationOrder, reason } = explanation;
  return {
    ...summaryOf(found),
    steps: [...steps],
    ...(pending === undefined ? {} : { pending }),
    ...(refusal === undefined ? {} : { refusal }),
    compensationOrder: [...compensationOrder],
    ...(reason === undefined ? {} : { reason }),
    possible: explanation.actions.map((each: ActionExplanation) => ({ ...each })),
    actions: actions.map(viewAction),
    ...{ correlationId, order: `/api/orders/${orderId}` },
  };
};

const viewAction = ({ action: of, outcome: how, from, by, note, at }: SagaAction) => ({
  ...{ action: of, from: { state: from.status, step: from.step, reason: from.reason } },
  ...(how === undefined ? {} : { outcome: how }),
  ...{ by, at: at.toISOString() },
  ...(note === undefined ? {} : { note }),
});
