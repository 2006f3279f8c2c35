/**
 * How far a group has come in one partition. A log knows one number, the offset before which all is done. What is done beyond
 * it, because one message takes long, is in the text that a commit may carry: it is not done again by whoever comes next.
 */
export interface Progress {
  /** Before it all is finished. */
  readonly offset: number;
  /** Between `offset` and it all is finished, but for the holes. */
  readonly top: number;
  /** Not finished, ascending, from `offset` on. */
  readonly holes: readonly number[];
  /** Of the message at `offset`, while it waits for another attempt in front of its partition. */
  readonly retry?: Retry;
  /** Who works on the partition; absent when it was left in order. */
  readonly owner?: string;
  /** Under which declaration of the subscription it was written: what an earlier one says is of logs that are gone. */
  readonly declaration?: string;
  /** How many owners in a row ended without finishing anything, and without leaving. */
  readonly crashes: number;
}

export interface Retry {
  readonly attempt: number;
  /** Milliseconds since 1970. */
  readonly dueAt: number;
}

/** Kafka's `offset.metadata.max.bytes` is 4,096. */
const mostCharacters = 4_000;

/** The text for the commit of `offset`. When the holes are too many, those furthest ahead are forgotten: they come again. */
export const encodeProgress = (progress: Progress): string => {
  const { offset, top, holes, retry, owner, declaration, crashes } = progress;
  const fields = {
    ...(declaration === undefined ? {} : { l: declaration }),
    ...(owner === undefined ? {} : { o: owner }),
    ...(crashes === 0 ? {} : { c: crashes }),
    ...(retry === undefined ? {} : { a: retry.attempt, d: retry.dueAt }),
  };
  if (top <= offset) return Object.keys(fields).length === 0 ? '' : JSON.stringify(fields);
  let [before, listed, end] = [offset, '', top];
  for (const hole of holes) {
    const next = `${listed === '' ? '' : `${listed},`}${(hole - before).toString(36)}`;
    if (next.length > mostCharacters - 200) {
      end = hole;
      break;
    }
    [before, listed] = [hole, next];
  }
  return JSON.stringify({ ...fields, t: end - offset, h: listed });
};

/** What another program wrote there counts as nothing. */
export const decodeProgress = (offset: number, text: string | null | undefined): Progress => {
  const { o, c, a, d, t, h, l } = fieldsOf(text);
  const holes: number[] = [];
  if (typeof h === 'string' && h !== '') {
    let hole = offset;
    for (const step of h.split(',')) {
      hole += Number.parseInt(step, 36);
      holes.push(hole);
    }
  }
  return {
    offset,
    top: offset + count(t),
    holes,
    crashes: count(c),
    ...(typeof o === 'string' ? { owner: o } : {}),
    ...(typeof l === 'string' ? { declaration: l } : {}),
    ...(count(a) > 0 ? { retry: { attempt: count(a), dueAt: count(d) } } : {}),
  };
};

const fieldsOf = (text: string | null | undefined): Readonly<Record<string, unknown>> => {
  if (!text?.startsWith('{')) return {};
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
};

const count = (value: unknown): number => (Number.isSafeInteger(value) ? Number(value) : 0);
