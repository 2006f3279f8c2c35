import { expect, test } from 'vitest';
import { type Projection, projectionsFor } from './definition.ts';

type Visit =
  | { readonly type: 'began'; readonly at: string }
  | { readonly type: 'ended'; readonly rating: number };

interface Tables {
  visit: { id: string; place: string; rating: number | null };
  rating: { rating: number; visits: number };
}

const { projection } = projectionsFor<Visit, Tables>();
const common = { name: 'visits', version: 1, rows: 'visit', key: 'id', starts: 'began' } as const;

test('the types of events, rows and totals are those of the union and of the tables', () => {
  const began = ({ event }: { readonly event: { readonly at: string } }) => ({
    place: event.at,
    rating: null,
  });
  const defined: readonly Projection[] = [
    projection({
      ...common,
      on: { began, ended: ({ event }) => ({ rating: event.rating }) },
      totals: {
        rating: { by: ['rating'], of: ({ rating }) => (rating === null ? [] : [{ rating, visits: 1 }]) },
      },
    }),
    // @ts-expect-error the event that begins a row needs a handler
    projection({ ...common, on: { ended: ({ event }) => ({ rating: event.rating }) } }),
    // @ts-expect-error a new row needs its columns, but those that may be null
    projection({ ...common, on: { began: () => ({ rating: 3 }) } }),
    // @ts-expect-error the column is a number
    projection({ ...common, on: { began, ended: () => ({ rating: 'good' }) } }),
    // @ts-expect-error this event has no place
    projection({ ...common, on: { began, ended: ({ event }) => ({ place: event.at }) } }),
    // @ts-expect-error there is no such table
    projection({ ...common, rows: 'visits', on: { began } }),
    projection({
      ...common,
      on: { began },
      // @ts-expect-error the table has no such column
      totals: { rating: { by: ['stars'], of: () => [] } },
    }),
  ];
  expect(defined[0]?.tables).toEqual(['visit', 'rating']);
});
