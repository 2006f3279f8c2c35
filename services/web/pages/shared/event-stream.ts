/** An event of a stream of server-sent events. */
export interface StreamEvent {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
}

export interface StreamListener {
  next(event: StreamEvent): void;
  /** `live` after each connection; `waiting` when it is lost and does not come back soon. */
  state(state: 'live' | 'waiting'): void;
}

/** Waits between two attempts, in milliseconds. */
const waits = [500, 1_000, 2_000, 5_000, 10_000];

/** A browser connects again after some three seconds; people need not hear of a stream that is cut and soon back. */
const quietMs = 5_000;

/**
 * Reads a stream for as long as it is not closed: it connects again after each loss and each error, from the last event on, and with
 * growing waits. Returns a function that closes it.
 */
export const openStream = (
  path: string,
  types: readonly string[],
  listener: StreamListener,
): (() => void) => {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lost: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let isClosed = false;

  const connect = (): void => {
    source = new EventSource(path);
    source.addEventListener('open', () => {
      failures = 0;
      clearTimeout(lost);
      lost = undefined;
      listener.state('live');
    });
    source.addEventListener('error', () => {
      if (isClosed) return;
      lost ??= setTimeout(() => listener.state('waiting'), quietMs);
      // A browser connects again by itself after a loss, but not after an error status.
      if (source?.readyState !== EventSource.CLOSED) return;
      source.close();
      timer = setTimeout(connect, waits[Math.min(failures, waits.length - 1)]);
      failures += 1;
    });
    for (const type of types)
      source.addEventListener(type, ({ data, lastEventId }: MessageEvent<string>) => {
        const parsed = parse(data);
        if (parsed !== undefined) listener.next({ id: lastEventId, type, data: parsed });
      });
  };

  connect();
  return () => {
    isClosed = true;
    clearTimeout(timer);
    clearTimeout(lost);
    source?.close();
  };
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
