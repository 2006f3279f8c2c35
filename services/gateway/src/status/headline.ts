import type { Waiting } from './backlogs.ts';
import type { ProcessReport, Report } from './report.ts';
import { clock, counted, duration, listed } from './wording.ts';

/** A backlog that is older is worth a word, in seconds. */
const lateAfter = 60;
/** The most problems that it names. */
const maxProblems = 3;

/** The state of the shop in one sentence, the most important first: "All services work." */
export const headline = (report: Report): string => {
  const problems = problemsOf(report);
  const notes = problems.length === 0 ? notesOf(report) : [];
  const more = problems.length - maxProblems;
  const named = problems.slice(0, maxProblems);
  if (more > 0) named.push(`there ${more === 1 ? 'is 1 more problem' : `are ${more} more problems`}`);
  return `${capitalised([...(problems.length === 0 ? ['All services work'] : named), ...notes].join('; '))}.`;
};

/** Whether something does not work. */
export const hasProblems = (report: Report): boolean => problemsOf(report).length > 0;

const problemsOf = (report: Report): string[] => {
  const { processes, servers, at } = report;
  const inState = (state: ProcessReport['state']) => processes.filter((process) => process.state === state);
  const down = servers
    .filter(({ state }) => state === 'away')
    .map(({ name }) => `the ${name} cannot be reached`);
  const paused = new Set(report.paused.map(({ process }) => process));
  return [
    ...down,
    ...group(inState('away'), 'has not answered', 'have not answered', at),
    ...inState('not-ready').map(
      ({ name, since, failing }) =>
        `${name} has not been ready since ${clock(since, at)}${failing.length === 0 ? '' : ` (${listed(failing)})`}`,
    ),
    ...group(inState('unknown'), 'has not told its state', 'have not told their states', at),
    ...inState('degraded').map(
      ({ name, since, failing }) =>
        `${name} has been degraded since ${clock(since, at)} (${listed(failing)})`,
    ),
    ...processes
      .filter(({ state }) => state === 'ready')
      .flatMap(({ name, waiting }) =>
        waiting
          .filter(({ kind }) => !(kind === 'messages to handle' && paused.has(name)))
          .flatMap((each) => lateness(name, each)),
      ),
  ];
};

/** What people should know about a shop that works. */
const notesOf = ({ paused, processes }: Report): string[] => {
  const open = processes.flatMap(({ waiting }) => waiting.filter(({ kind }) => kind === 'open dead letters'));
  const deadLetters = open.reduce((sum, { count }) => sum + count, 0);
  const names = paused.map(({ subscription }) => subscription);
  return [
    ...(names.length === 0 ? [] : [`${listed(names)} ${names.length === 1 ? 'is' : 'are'} paused`]),
    ...(deadLetters === 0
      ? []
      : [`${counted(deadLetters, 'dead letters')} ${deadLetters === 1 ? 'is' : 'are'} open`]),
  ];
};

const group = (processes: readonly ProcessReport[], one: string, many: string, at: string): string[] => {
  if (processes.length === 0) return [];
  const since = processes.map((process) => process.since).toSorted()[0] ?? at;
  const waits = waitFor(processes);
  const names = listed(processes.map(({ name }) => name));
  return [`${names} ${processes.length === 1 ? one : many} since ${clock(since, at)}${waits}`];
};

/** `: 12 messages wait` */
const waitFor = (processes: readonly ProcessReport[]): string => {
  const sum = (kind: Waiting['kind']) =>
    processes
      .flatMap(({ waiting }) => waiting.filter((each) => each.kind === kind))
      .reduce((total, { count }) => total + count, 0);
  const [messages, tasks] = [sum('messages to handle'), sum('tasks to run')];
  const parts = [
    ...(messages === 0 ? [] : [counted(messages, 'messages')]),
    ...(tasks === 0 ? [] : [counted(tasks, 'tasks')]),
  ];
  if (parts.length === 0) return '';
  return `: ${parts.join(' and ')} ${messages + tasks === 1 ? 'waits' : 'wait'}`;
};

const lateness = (name: string, { kind, count, oldestSeconds = 0 }: Waiting): string[] =>
  oldestSeconds < lateAfter
    ? []
    : [`${name} has ${counted(count, kind)}, the oldest for ${duration(oldestSeconds)}`];

const capitalised = (text: string): string =>
  text.startsWith('the ') || text.startsWith('there ') ? `${text[0]?.toUpperCase()}${text.slice(1)}` : text;
