import { describe, expect, test } from 'vitest';
import type { Span } from './span.ts';
import { buildTree } from './tree.ts';

const traceId = 'a'.repeat(32);
const other = 'b'.repeat(32);

const span = (
  spanId: string,
  parentId: string | undefined,
  start: number,
  changes: Partial<Span> = {},
): Span => ({
  ...{
    traceId,
    spanId,
    parentId,
    correlationId: undefined,
    service: 'order',
    name: spanId,
    kind: 'internal',
  },
  ...{ start, duration: 1, isError: false, statusMessage: undefined, attributes: {}, links: [] },
  ...changes,
});

const treeOf = (spans: readonly Span[], shared: readonly Span[] = [], maxNodes = 100) => {
  const { nodes, leftOut } = buildTree(traceId, spans, { shared, maxNodes });
  const lines = nodes.map(({ span: { spanId }, depth, isOrphan, isShared }) =>
    [`${'-'.repeat(depth)}${spanId}`, ...(isOrphan ? ['orphan'] : []), ...(isShared ? ['shared'] : [])].join(
      ' ',
    ),
  );
  return { lines, leftOut, below: nodes.map(({ below }) => below) };
};

describe('the tree of a trace', () => {
  test('has each span below the one that it follows from, by start, in whatever order they arrive', () => {
    const spans = [
      span('d', 'b', 4),
      span('c', 'a', 3),
      span('b', 'a', 2),
      span('a', undefined, 1),
      span('e', 'b', 3),
    ];
    const { lines, below } = treeOf(spans);
    expect(lines).toEqual(['a', '-b', '--e', '--d', '-c']);
    expect(below).toEqual([undefined, 'a', 'b', 'b', 'a']);
  });

  test('has spans without their parent below the first, with a mark, and what follows from them below them', () => {
    const spans = [span('a', undefined, 1), span('x', 'gone', 3), span('y', 'x', 4), span('b', 'a', 5)];
    expect(treeOf(spans).lines).toEqual(['a', '-x orphan', '--y', '-b']);
  });

  test('begins with the earliest span where the client began the trace', () => {
    expect(treeOf([span('b', 'client2', 2), span('a', 'client', 1)]).lines).toEqual(['a', '-b orphan']);
  });

  test('has a second span without a parent below the first', () => {
    expect(treeOf([span('a', undefined, 1), span('b', undefined, 2)]).lines).toEqual(['a', '-b orphan']);
  });

  test('has spans that were sent twice once', () => {
    expect(treeOf([span('a', undefined, 1), span('b', 'a', 2), span('b', 'a', 2)]).lines).toEqual([
      'a',
      '-b',
    ]);
  });

  test('has spans that follow from each other, or from themselves, once', () => {
    const spans = [span('a', undefined, 1), span('b', 'c', 2), span('c', 'b', 3), span('d', 'd', 4)];
    expect(treeOf(spans).lines).toEqual(['a', '-b orphan', '--c', '-d orphan']);
    expect(treeOf([span('b', 'c', 2), span('c', 'b', 3)]).lines).toEqual(['b', '-c']);
  });

  test('has a shared transaction, with what follows from it, below each message that it handled', () => {
    const links = ['b', 'c', 'z'].map((spanId) => ({ traceId, spanId }));
    const transaction = span('t', undefined, 5, { traceId: other, links });
    const call = span('u', 't', 6, { traceId: other });
    const spans = [span('a', undefined, 1), span('b', 'a', 2), span('c', 'a', 3)];
    expect(treeOf(spans, [transaction, call]).lines).toEqual([
      ...['a', '-b', '--t shared', '---u shared', '-c', '--t shared', '---u shared'],
    ]);
  });

  test('survives a shared transaction that follows from itself', () => {
    const links = [{ traceId, spanId: 'a' }];
    const spans = [span('t', 'u', 5, { traceId: other, links }), span('u', 't', 6, { traceId: other })];
    expect(treeOf([span('a', undefined, 1)], spans).lines).toEqual(['a', '-t shared', '--u shared']);
  });

  test('leaves out what exceeds the limit, and counts it', () => {
    const spans = [
      span('a', undefined, 1),
      ...Array.from({ length: 10 }, (_, n) => span(`s${n}`, 'a', 2 + n)),
    ];
    expect(treeOf(spans, [], 4)).toMatchObject({ lines: ['a', '-s0', '-s1', '-s2'], leftOut: 7 });
  });

  test('is as deep as the trace is long', () => {
    const spans = Array.from({ length: 50_000 }, (_, n) =>
      span(`s${n}`, n === 0 ? undefined : `s${n - 1}`, n),
    );
    expect(treeOf(spans, [], 50_000).lines).toHaveLength(50_000);
  });

  test('of nothing is empty', () => expect(treeOf([])).toMatchObject({ lines: [], leftOut: 0 }));
});
