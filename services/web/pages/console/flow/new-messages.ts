import type { HandledMessage } from './sources.ts';

/** Of answers that overlap, the messages that were in none before. The first answer has none: they have passed. */
export const createNewMessages = (): ((answer: readonly HandledMessage[]) => readonly HandledMessage[]) => {
  let known: ReadonlySet<string> | undefined;
  let newest = '';
  return (answer) => {
    const before = known;
    const oldest = newest;
    known = new Set(answer.map(({ spanId }) => spanId));
    for (const { at } of answer) if (at > newest) newest = at;
    if (before === undefined) return [];
    return answer.filter(({ spanId, at }) => !before.has(spanId) && isRecent(at, oldest));
  };
};

/** A span is recorded some seconds after it has begun; an older one was pushed out of the answer before, or is a late one. */
const lateMs = 10_000;

const isRecent = (at: string, newest: string): boolean =>
  newest === '' || Date.parse(at) > Date.parse(newest) - lateMs;
