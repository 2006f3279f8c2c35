import type { DomainEvent } from './event-format.ts';
import type { Stream } from './event-store.ts';

/** A moment in the life of a stream. */
export type Moment = { readonly version: number } | { readonly at: Date };

/**
 * The stream as it was at that moment: without the events that came after it. Undefined for a version that the stream does not
 * have. The clocks of two processes differ, so the time of an event may be before that of the one before it: the stream ends
 * before its first event that is later.
 */
export const asOf = <Event extends DomainEvent>(
  stream: Stream<Event>,
  moment: Moment,
): Stream<Event> | undefined => {
  if ('version' in moment && moment.version > stream.version) return undefined;
  const isLater = ({ version, at }: Stream<Event>['events'][number]): boolean =>
    'version' in moment ? version > moment.version : at > moment.at;
  const end = stream.events.findIndex(isLater);
  const events = end === -1 ? stream.events : stream.events.slice(0, end);
  return { id: stream.id, version: events.at(-1)?.version ?? 0, events };
};
