import { type Column, printable, table } from '../table.ts';
import type { Trace, TraceAnswer, TraceList, TraceSpan, TraceSummary } from './answers.ts';

/** `0.4 ms`, `12 ms`, `3.20 s` */
export const durationText = (ms: number): string => {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(2)} s`;
  return ms >= 10 ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`;
};

type Paint = (code: number, text: string) => string;

const dim = 2;
const red = 31;
const yellow = 33;
const serviceColours = [36, 34, 35, 32, 33, 96, 94, 95, 92, 93];

/** A tree for people, one line a span: when it began, how long it took, in which service, and what it was. */
export const traceLines = ({ traces, deadLetters, kept }: TraceAnswer, colours: boolean): string[] => {
  const paint: Paint = (code, text) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
  return [
    ...traces.flatMap((trace, index) => [...(index === 0 ? [] : ['']), ...linesOf(trace, paint)]),
    ...(traces.length === 0 ? ['There are no spans; they are kept for an hour.'] : []),
    ...(deadLetters.length === 0 ? [] : ['']),
    ...deadLetters.map(({ id, subscription, type, status, reason }) =>
      paint(
        status === 'open' ? red : dim,
        printable(
          `dead letter ${id} of ${subscription}, ${type}, ${status}: ${reason.code}: ${reason.message}`,
        ),
      ),
    ),
    ...keptLines(kept),
  ];
};

const linesOf = ({ traceId, start, durationMs, errors, spans, leftOut }: Trace, paint: Paint): string[] => {
  const names = [...new Set(spans.map(({ service }) => service))];
  const width = Math.max(...names.map((name) => printable(name).length));
  const facts = [
    `${spans.length} spans in ${names.length} ${names.length === 1 ? 'service' : 'services'}`,
    durationText(durationMs),
    ...(errors === 0 ? [] : [`${errors} with errors`]),
  ];
  return [
    paint(dim, `trace ${traceId}, ${start}: ${facts.join(', ')}`),
    ...spans.map((span) => {
      const colour = serviceColours[names.indexOf(span.service) % serviceColours.length] ?? dim;
      return [
        paint(dim, `+${durationText(span.offsetMs)}`.padStart(10)),
        durationText(span.durationMs).padStart(9),
        paint(colour, printable(span.service).padEnd(width)),
        `${'  '.repeat(Math.min(span.depth, maxIndent))}${nameText(span, paint)}`,
      ].join('  ');
    }),
    ...(leftOut === 0 ? [] : [paint(yellow, `${leftOut} more spans are left out`)]),
  ];
};

/** Deeper spans are not indented further. */
const maxIndent = 40;

const nameText = (span: TraceSpan, paint: Paint): string => {
  const notes = notesOf(span).map(printable).join(', ');
  const name = printable(span.name);
  const mark = marks[String(span.attributes['emporium.settlement'])];
  return [
    span.status === 'error' ? paint(red, name) : name,
    ...(mark === undefined ? [] : [paint(mark.colour, mark.text)]),
    ...(notes === '' ? [] : [paint(dim, notes)]),
    ...(span.status === 'error' ? [paint(red, printable(`error ${errorText(span)}`.trimEnd()))] : []),
  ].join('  ');
};

/** How a delivery of a message or a run of a task ended, where it did not end well. */
const marks: Readonly<Record<string, { readonly text: string; readonly colour: number }>> = {
  retry: { text: 'retry', colour: yellow },
  'dead-letter': { text: 'dead letter', colour: red },
};

const errorText = ({ error, attributes }: TraceSpan): string =>
  [attributes['error.type'], error].filter((each) => each !== undefined && each !== '').join(': ');

const notesOf = ({ attributes, sharedWith, parentMissing }: TraceSpan): string[] => {
  const attempt = attributes['emporium.attempt'];
  const status = attributes['http.response.status_code'];
  const delay = attributes['emporium.delay_ms'];
  const texts = ['messaging.destination.subscription.name', 'service.peer.name', 'emporium.mail.template'];
  return [
    ...texts.flatMap((name) => (attributes[name] === undefined ? [] : [String(attributes[name])])),
    ...(status === undefined ? [] : [String(status)]),
    ...(typeof attempt === 'number' && attempt > 1 ? [`attempt ${attempt}`] : []),
    ...(typeof delay === 'number' ? [`again after ${durationText(delay)}`] : []),
    ...(sharedWith === undefined || sharedWith === 0
      ? []
      : [`shared with ${sharedWith} other ${sharedWith === 1 ? 'message' : 'messages'}`]),
    ...(parentMissing === true ? ['what it follows from was not recorded, or is not kept'] : []),
  ];
};

const keptLines = ({ shed, lost, dropped }: TraceAnswer['kept']): string[] => {
  const missing = shed + lost + dropped;
  return missing === 0 ? [] : ['', `${missing} spans could not be kept since the service has started`];
};

export const listLines = ({ traces, kept }: TraceList): string[] =>
  traces.length === 0
    ? ['There are no traces; spans are kept for an hour.']
    : [...table(traces, columns), ...keptLines(kept)];

const columns: readonly Column<TraceSummary>[] = [
  { heading: 'correlation', text: ({ correlationId, traceId }) => correlationId ?? `--trace ${traceId}` },
  { heading: 'started', text: ({ start }) => start.slice(0, 23) },
  { heading: 'service', text: ({ service }) => service },
  { heading: 'what', text: ({ name }) => name },
  { heading: 'took', text: ({ durationMs }) => durationText(durationMs), alignRight: true },
  { heading: 'spans', text: ({ spans }) => String(spans), alignRight: true },
  { heading: 'errors', text: ({ errors }) => (errors === 0 ? '' : String(errors)), alignRight: true },
  { heading: 'order', text: ({ orderId = '' }) => orderId },
];
