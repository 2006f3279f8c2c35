import { describe, expect, test } from 'vitest';
import { barOf, rangeOf, visibleRows, windowOf } from './rows.ts';
import type { Span } from './span.ts';

const span = (spanId: string, depth: number, offsetMs = 0, durationMs = 1): Span => ({
  ...{ spanId, depth, kind: 'other', service: 'order', name: spanId, start: '2026-11-29T10:00:00Z' },
  ...{ offsetMs, durationMs, status: 'ok', attributes: {} },
});

const spans = [span('a', 0, 0, 10), span('b', 1, 2, 3), span('c', 2, 4, 20), span('d', 1, 6, 2)];
const idsOf = (collapsed: readonly number[]) =>
  visibleRows(spans, new Set(collapsed)).map((row) => `${row.span.spanId}${row.below}`);

describe('the rows of a waterfall', () => {
  test('are all spans, each with the number below it', () => {
    expect(idsOf([])).toEqual(['a3', 'b1', 'c0', 'd0']);
  });

  test('leave out what is inside a collapsed one', () => {
    expect(idsOf([1])).toEqual(['a3', 'b1', 'd0']);
    expect(idsOf([0, 1])).toEqual(['a3']);
    expect(visibleRows([], new Set())).toEqual([]);
  });

  test('of a trace that is deeper than a stack of calls are found, too', () => {
    const deep = Array.from({ length: 50_000 }, (_, depth) => span(`s${depth}`, depth));
    expect(visibleRows(deep, new Set([1])).map(({ below }) => below)).toEqual([49_999, 49_998]);
  });
});

describe('the time of a waterfall', () => {
  test('is that of all spans, or of one with what follows from it', () => {
    expect(rangeOf(spans)).toEqual({ from: 0, to: 24 });
    expect(rangeOf(spans, 1)).toEqual({ from: 2, to: 24 });
    expect(rangeOf(spans, 3)).toEqual({ from: 6, to: 8 });
    expect(rangeOf([])).toEqual({ from: 0, to: 1 });
  });

  test('cuts bars at its ends, and leaves out those outside', () => {
    expect(barOf({ offsetMs: 5, durationMs: 10 }, { from: 0, to: 20 })).toEqual({ left: 25, width: 50 });
    expect(barOf({ offsetMs: 5, durationMs: 10 }, { from: 10, to: 20 })).toEqual({ left: 0, width: 50 });
    expect(barOf({ offsetMs: 5, durationMs: 1 }, { from: 10, to: 20 })).toBeUndefined();
  });
});

test('what is drawn of a long list is what is seen, and ten rows around it', () => {
  const view = { top: 2_800, height: 280, rowHeight: 28 };
  expect(windowOf(1_000, view)).toEqual({ first: 90, end: 120 });
  expect(windowOf(5, { ...view, top: 0 })).toEqual({ first: 0, end: 5 });
  expect(windowOf(5, view)).toEqual({ first: 5, end: 5 });
});
