import type { Cause } from '@emporium/bus';
import { eventStoreErrors } from './errors.ts';

/** What an aggregate records: a `type` in the past tense, and plain JSON. */
export interface DomainEvent {
  readonly type: string;
}

/** The cause of a stored event. Rows of releases that did not store it say nothing: then the actor may be unknown. */
export type StoredCause =
  | Cause
  | {
      readonly actor: Cause['actor'] | { readonly kind: 'unknown' };
      readonly correlationId?: never;
      readonly causationId?: never;
    };

/** How the events of an aggregate are stored, and how rows of older releases are read. */
export interface EventFormat<Event extends DomainEvent> {
  /** The number of the shape in which events of this type are written. */
  readonly shapeOf: (type: string) => number;
  /** The event in its newest shape. Throws `event-store.unknown_shape` when a newer release wrote it. */
  readonly upcast: (type: string, shape: number, data: unknown) => Event;
  /** What is known of the cause of an event whose row does not say. */
  readonly causeOf: (event: Event) => StoredCause;
}

/** The shapes that the data of one event type has had, up to `Newest`. */
export interface Shapes<Newest> {
  /** The first turns shape 1 into shape 2. */
  readonly upcasters: readonly ((older: unknown) => unknown)[];
  /** Adds a shape, with its upcaster from the one before. */
  next<Next>(upcaster: (older: Newest) => Next): Shapes<Next>;
}

/** Begins with the shape of the first release: `firstShape<PlacedV1>().next((older): Placed => …)`. */
export const firstShape = <First>(): Shapes<First> => shapes<First>([]);

const shapes = <Newest>(upcasters: Shapes<Newest>['upcasters']): Shapes<Newest> => ({
  upcasters,
  next: <Next>(upcaster: (older: Newest) => Next) =>
    shapes<Next>([...upcasters, upcaster as (older: unknown) => unknown]), // it gets what the one before it returns
});

interface EventFormatDefinition<Event extends DomainEvent> {
  /** By event type; a type that is not named here has had one shape. */
  readonly shapes?: { readonly [Type in Event['type']]?: Shapes<Extract<Event, { readonly type: Type }>> };
  readonly causeOf?: (event: Event) => StoredCause;
}

const unknownCause: StoredCause = { actor: { kind: 'unknown' } };

export const eventFormat = <Event extends DomainEvent>({
  shapes = {},
  causeOf = () => unknownCause,
}: EventFormatDefinition<Event> = {}): EventFormat<Event> => {
  const upcasters = new Map<string, Shapes<Event>['upcasters']>(
    Object.entries<Shapes<Event> | undefined>(shapes).map(([type, of]) => [type, of?.upcasters ?? []]),
  );
  const shapeOf = (type: string): number => (upcasters.get(type)?.length ?? 0) + 1;
  return {
    shapeOf,
    upcast: (type, shape, data) => {
      const newest = shapeOf(type);
      if (shape > newest) throw eventStoreErrors.unknown_shape({ type, shape, newest });
      const missing = upcasters.get(type)?.slice(shape - 1) ?? [];
      return missing.reduce((older, upcaster) => upcaster(older), data) as Event; // the last one returns it
    },
    causeOf,
  };
};
