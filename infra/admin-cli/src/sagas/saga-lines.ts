import { type Column, printable, table } from '../table.ts';
import type { SagaDetail, SagaSummary } from './views.ts';

/** `12 s`, `3 min`, `5 h` or `2 d`. */
const durationText = (ms: number): string => {
  const seconds = Math.round(Math.abs(ms) / 1_000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 2 * 3_600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3_600) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
};

const deadlineText = ({ deadline }: SagaSummary, now: Date): string => {
  if (deadline === undefined) return '';
  const left = Date.parse(deadline.at) - now.getTime();
  return left <= 0 ? `overdue ${durationText(left)}` : `in ${durationText(left)}`;
};

const ageOf = ({ startedAt }: SagaSummary, now: Date): string =>
  durationText(now.getTime() - Date.parse(startedAt));

const triesText = ({ tries }: SagaSummary): string =>
  tries === undefined ? '' : `${tries.made}/${tries.of}`;

export const listLines = (sagas: readonly SagaSummary[], now: Date): string[] => {
  const columns: readonly Column<SagaSummary>[] = [
    { heading: 'saga', text: ({ saga }) => saga },
    { heading: 'id', text: ({ id }) => id },
    { heading: 'state', text: ({ state }) => state },
    { heading: 'step', text: ({ step = '' }) => step },
    { heading: 'tries', text: triesText, alignRight: true },
    { heading: 'deadline', text: (saga) => deadlineText(saga, now) },
    { heading: 'age', text: (saga) => ageOf(saga, now), alignRight: true },
    { heading: 'why parked', text: ({ parked }) => parked?.reason ?? '' },
  ];
  return table(sagas, columns);
};

export const detailLines = (saga: SagaDetail, now: Date): string[] =>
  [
    `${saga.saga} ${saga.id}: ${saga.state}, started ${ageOf(saga, now)} ago (correlation ${saga.correlationId})`,
    ...(saga.saga === 'fulfilment' ? [] : [`order ${saga.orderId}`]),
    '',
    ...table(saga.steps, stepColumns).map((line) => `  ${line}`),
    '',
    ...(saga.parked === undefined ? [] : [`parked at ${saga.parked.step}: ${saga.parked.reason}`]),
    ...(saga.reason === undefined ? [] : [`cancelled because: ${saga.reason.text}`]),
    `next: ${nextText(saga, now)}`,
    `would be compensated: ${saga.compensationOrder.join(', then ') || 'nothing'}`,
    '',
    ...actionLines(saga),
    ...saga.actions.map(
      ({ action, outcome, by, note, at }) =>
        `${at} ${nameOf(action, outcome)} by ${by}${note === undefined ? '' : `: ${note}`}`,
    ),
  ].map(printable);

type Step = SagaDetail['steps'][number];

const stepColumns: readonly Column<Step>[] = [
  { heading: 'step', text: ({ step }) => step },
  { heading: 'status', text: ({ status, byHand }) => (byHand ? `${status} by hand` : status) },
  { heading: 'attempt', text: ({ attempt }) => String(attempt), alignRight: true },
];

const nextTexts: Readonly<Record<string, string>> = {
  resend: 'the command is sent again',
  cancel: 'the command that cancels it is sent',
  compensate: 'the saga compensates',
  park: 'the saga is parked',
};

const nextText = (saga: SagaDetail, now: Date): string => {
  const { deadline, pending, state, tries, refusal } = saga;
  if (state === 'parked') return 'an administrator acts, or a late reply continues it';
  if (deadline === undefined || pending === undefined) return 'nothing, it has ended';
  const waits = `a reply about ${pending.step} (${pending.command}, sent ${tries?.made ?? 1} of ${tries?.of ?? 1} times)`;
  const what = nextTexts[deadline.next] ?? deadline.next;
  const refused = refusal === undefined ? '' : `; refused: ${refusal}`;
  return `${waits}, or ${what} (${deadlineText(saga, now)})${refused}`;
};

const nameOf = (action: string, outcome?: string): string =>
  outcome === 'abandoned' ? `${action} --outcome abandoned` : action;

const actionLines = ({ possible }: SagaDetail): string[] => {
  const can = possible.filter(({ isPossible }) => isPossible);
  const cannot = possible.filter(({ isPossible }) => !isPossible);
  return [
    `possible: ${can.map(({ action, outcome }) => nameOf(action, outcome)).join(', ') || 'nothing'}`,
    ...cannot.map(
      ({ action, outcome, reason = '' }) => `not possible: ${nameOf(action, outcome)}, ${reason}`,
    ),
  ];
};
