import type { EmitEffect } from '@emporium/bus';
import type { Contract } from '@emporium/contracts';
import type { BackfillSource } from '@emporium/store';
import { type Kysely, sql } from 'kysely';
import type { DomainEvent, EventFormat } from './event-format.ts';
import { readStreams, type Stream } from './event-store.ts';

export interface StreamHistoryOptions<Event extends DomainEvent> {
  /** The public events that follow from stored ones. */
  readonly contracts: readonly Contract[];
  /** How older rows are read. */
  readonly format: EventFormat<Event>;
  /** Creates those of one stream, with the ids, times and sequences that they were first published with. */
  readonly publicEvents: (stream: Stream<Event>) => readonly EmitEffect[];
}

/** Streams and stored events in one batch; a batch has one stream at least, however long. */
const maxStreams = 100;
const maxEvents = 1_000;

/** What an event-sourced service can publish again: all of its streams, in the order of their ids. */
export const streamHistory = <Event extends DomainEvent, DB>({
  contracts,
  format,
  publicEvents,
}: StreamHistoryOptions<Event>): BackfillSource<DB> => ({
  contracts,
  extent: async (db) => {
    const { rows } = await sql<{ until: string | null; total: number }>`
      select max(stream) as until, count(*) as total from event_stream`.execute(db);
    const [{ until, total } = { until: null, total: 0 }] = rows;
    return until === null ? undefined : { until, total };
  },
  next: async (db, { after, until }) => {
    const ids = await nextStreams(db, after ?? '', until);
    const position = ids.at(-1);
    if (position === undefined) return undefined;
    const streams = await readStreams<Event, DB>(db, ids, { format });
    const events = [...streams.values()].flatMap((stream) => {
      const causes = new Map(stream.events.map(({ id, cause }) => [id, cause]));
      return publicEvents(stream).map((event) => ({
        event,
        correlationId: causes.get(event.options?.id ?? '')?.correlationId,
      }));
    });
    return { position, items: ids.length, events };
  },
});

const nextStreams = async <DB>(db: Kysely<DB>, after: string, until: string): Promise<string[]> => {
  const { rows } = await sql<{ stream: string; version: number }>`
    select stream, version from event_stream where stream > ${after} and stream <= ${until}
    order by stream limit ${maxStreams}`.execute(db);
  let events = 0;
  const fitting = rows.filter(({ version }, index) => {
    events += version;
    return index === 0 || events <= maxEvents;
  });
  return fitting.map(({ stream }) => stream);
};
