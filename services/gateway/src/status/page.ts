import { escaped, headersOfPage, page } from '../admin/pages.ts';
import { code, table } from '../docs/html.ts';
import type { Waiting } from './backlogs.ts';
import { hasProblems, headline } from './headline.ts';
import type { ProcessReport, Report, ServerReport } from './report.ts';
import { clock, counted, duration } from './wording.ts';

interface StatusPageOptions {
  /** Of this page. */
  readonly path: string;
  readonly forAdministrators: boolean;
  /** In seconds. */
  readonly refresh: number | undefined;
}

/** Every colour has a word and a sign beside it; both schemes have a contrast of 4.5 and more. */
const style = [
  'html{background:Canvas;color:CanvasText}body{max-width:64rem}',
  '@media(max-width:30rem){body{margin:1rem auto}th,td{padding-right:.6rem}}',
  ':root{--good:#11632f;--bad:#a11212;--warn:#7a4b00}',
  '@media(prefers-color-scheme:dark){:root{--good:#6fd58f;--bad:#ff9a94;--warn:#f0bf6a}}',
  '.headline{border-left:.4rem solid;font-size:1.25rem;margin:1rem 0;padding:.25rem 0 .25rem 1rem}',
  '.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}.headline{overflow-wrap:anywhere}',
  '.scroll{overflow-x:auto}table{width:100%}thead th{white-space:nowrap}th,td{border-bottom:1px solid #8885;vertical-align:top}',
  'td small{display:block}.nowrap,time{white-space:nowrap}td{overflow-wrap:break-word}',
].join('');

export const statusHeaders = headersOfPage({ style });

/** The page is complete without JavaScript, and reloads itself only when that is requested: a reader may need longer. */
export const statusPage = (report: Report, options: StatusPageOptions): string => {
  const { at, processes, servers } = report;
  return page(
    `
    <p class="headline ${hasProblems(report) ? 'bad' : 'good'}">${escaped(headline(report))}</p>
    <p>As of ${exactTime(at)}. ${navigation(options)}</p>
    <h2 id="services">Services</h2>
    ${scrolling('services', table(['Service', 'State', 'Waiting', 'Up for'], processes.map(processRow(at))))}
    <p>${versions(processes)} Where a service has several instances, the row is about the one that answered.</p>
    <h2 id="servers">Servers</h2>
    ${scrolling('servers', table(['Server', 'State'], servers.map(serverRow)))}
    ${pausedSection(report)}
    ${options.forAdministrators ? reasonsSection(report) + errorsSection(report) : ''}`,
    { title: 'Status of Emporium', style, refresh: options.refresh },
  );
};

const navigation = ({ path, forAdministrators, refresh }: StatusPageOptions): string => {
  const links = [
    refresh === undefined
      ? `<a href="${path}">Load again</a>, or <a href="${path}?refresh=10">every 10 seconds</a>.`
      : `Loads again every ${duration(refresh)}. <a href="${path}">Stop</a>.`,
    `<a href="${path}.json">As JSON</a>.`,
    forAdministrators
      ? '<a href="/admin">Administration</a>.'
      : '<a href="/admin/status">Errors and reasons</a>, for administrators.',
  ];
  return links.join(' ');
};

/** One sentence, as all processes are released together; others are named while a release is rolled out. */
const versions = (processes: readonly ProcessReport[]): string => {
  const byVersion = Map.groupBy(
    processes.filter(({ version }) => version !== undefined),
    ({ version = '' }) => version,
  );
  const parts = [...byVersion].map(([version, all]) =>
    byVersion.size === 1
      ? escaped(version)
      : `${escaped(version)} (${escaped(all.map(({ name }) => name).join(', '))})`,
  );
  return parts.length === 0 ? '' : `Version ${parts.join('; ')}.`;
};

const scrolling = (label: string, content: string): string =>
  `<div class="scroll" tabindex="0" role="region" aria-labelledby="${label}">${content}</div>`;

const signs = {
  ready: { class: 'good', sign: '●', text: 'ready' },
  degraded: { class: 'warn', sign: '◐', text: 'degraded' },
  impaired: { class: 'warn', sign: '◐', text: 'impaired' },
  'not-ready': { class: 'bad', sign: '○', text: 'not ready' },
  away: { class: 'bad', sign: '✕', text: 'away' },
  unknown: { class: 'warn', sign: '?', text: 'unknown' },
} as const;

const stateCell = (state: keyof typeof signs): string => {
  const { class: name, sign, text } = signs[state];
  return `<strong class="${name} nowrap"><span aria-hidden="true">${sign}</span> ${text}</strong>`;
};

const processRow =
  (at: string) =>
  ({ name, state, since, startedAt, failing, waiting }: ProcessReport): readonly string[] => [
    code(name),
    state === 'ready'
      ? stateCell(state)
      : `${stateCell(state)}<small>since ${time(since, at)}${failing.length === 0 ? '' : `: ${escaped(failing.join(', '))}`}</small>`,
    waiting.map(waitingText).join('<br>') || '–',
    startedAt === undefined
      ? '–'
      : `<span class="nowrap">${duration((Date.parse(at) - Date.parse(startedAt)) / 1_000)}</span>`,
  ];

const waitingText = ({ kind, count, oldestSeconds }: Waiting): string =>
  `${counted(count, kind)}${oldestSeconds === undefined ? '' : `, <span class="nowrap">the oldest for ${duration(oldestSeconds)}</span>`}`;

const serverRow = ({ name, state, awayFor, users }: ServerReport): readonly string[] => [
  escaped(name),
  state === 'ready'
    ? `${stateCell(state)}<small>for ${counted(users, 'processes')}</small>`
    : `${stateCell(state)}<small>for ${escaped(awayFor.join(', '))}</small>`,
];

const pausedSection = ({ paused, at }: Report): string => {
  if (paused.length === 0) return '';
  const isDetailed = paused.some(({ by }) => by !== undefined);
  const rows = paused.map(({ subscription, since, by, reason }) => [
    code(subscription),
    time(since, at),
    ...(isDetailed ? [code(by ?? ''), escaped(reason ?? '')] : []),
  ]);
  const head = ['Subscription', 'Since', ...(isDetailed ? ['By', 'Reason'] : [])];
  return `<h2 id="paused">Paused by an administrator</h2>${scrolling('paused', table(head, rows))}`;
};

const reasonsSection = ({ processes }: Report): string => {
  const rows = processes.flatMap(({ name, reasons = {} }) =>
    Object.entries(reasons).map(([check, reason]) => [code(name), escaped(check), escaped(reason)]),
  );
  if (rows.length === 0) return '';
  return `<h2 id="reasons">What does not work</h2>${scrolling('reasons', table(['Service', 'What', 'Why'], rows))}`;
};

const errorsSection = ({ processes }: Report): string => {
  const rows = processes
    .flatMap(({ name, errors = [] }) => errors.map((error) => ({ name, ...error })))
    .toSorted((one, other) => (one.time < other.time ? 1 : -1))
    .map(({ name, time: when, message, code: errorCode, correlationId }) => [
      code(name),
      exactTime(when),
      `${escaped(message)}${errorCode === undefined ? '' : `<small>${code(errorCode)}</small>`}`,
      correlationId === undefined ? '–' : code(correlationId),
    ]);
  const head = ['Service', 'Time', 'Message', 'Correlation id'];
  const content =
    rows.length === 0
      ? '<p>No service has logged an error since its start.</p>'
      : `${scrolling('errors', table(head, rows))}
        <p>The last five of each service. ${code('npm run logs -- --correlation <id>')} shows the rest of a request.</p>`;
  return `<h2 id="errors">Last errors</h2>${content}`;
};

const time = (text: string, at: string): string =>
  `<time datetime="${escaped(text)}">${escaped(clock(text, at))}</time>`;

/** To the second. */
const exactTime = (text: string): string =>
  `<time datetime="${escaped(text)}">${escaped(`${text.slice(0, 10)} ${text.slice(11, 19)} UTC`)}</time>`;
