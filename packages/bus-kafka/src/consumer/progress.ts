/**
 * How far a group has come in one partition. Kafka stores one offset, before which all messages are finished. Those that are
 * finished beyond it, because one message takes long, are listed in the commit's metadata: the next owner does not repeat them.
 */
export interface Progress {
  /** All messages before it are finished. */
  readonly offset: number;
  /** From `offset` up to here all messages are finished, except for the holes. */
  readonly top: number;
  /** Offsets that are not finished, ascending, from `offset` on. */
  readonly holes: readonly number[];
  /** The next attempt of the message at `offset`, while the partition waits for it. */
  readonly retry?: Retry;
  /** The instance that has the partition; absent when it left properly. */
  readonly owner?: string;
  /** The declaration of the subscription at that time: a commit of an earlier one is about logs that are gone. */
  readonly declaration?: string;
  /** How many owners in a row ended without finishing a message, and without leaving. */
  readonly crashes: number;
}

export interface Retry {
  readonly attempt: number;
  /** Milliseconds since 1970. */
  readonly dueAt: number;
}

/** Kafka's `offset.metadata.max.bytes` is 4,096. */
const maxCharacters = 4_000;

/** The metadata for the commit of `offset`. With too many holes `top` is lowered: some finished messages come again. */
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
    if (next.length > maxCharacters - 200) {
      end = hole;
      break;
    }
    [before, listed] = [hole, next];
  }
  return JSON.stringify({ ...fields, t: end - offset, h: listed });
};

/** Metadata that is not ours is ignored. */
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
