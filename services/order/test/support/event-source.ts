/** An event of a stream of server-sent events, as it arrived. */
export interface ReceivedEvent {
  readonly id: number;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface EventSourceOptions {
  readonly url: string;
  readonly token: string;
  readonly lastEventId?: number;
  /** Connects again, as browsers do; true by default. */
  readonly reconnects?: boolean;
}

/** A client of server-sent events that keeps everything it gets, and connects again with the last id it has seen. */
export const followEvents = ({ url, token, lastEventId, reconnects = true }: EventSourceOptions) => {
  const events: ReceivedEvent[] = [];
  const statuses: number[] = [];
  const stopped = new AbortController();
  let retryMs = 1_000;
  let comments = 0;
  let last = lastEventId === undefined ? undefined : String(lastEventId);

  const receive = (block: string): void => {
    const fields = new Map(
      block.split('\n').map((line): [string, string] => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
      }),
    );
    retryMs = Number(fields.get('retry') ?? retryMs);
    if (fields.has('')) comments += 1;
    last = fields.get('id') ?? last;
    const data = fields.get('data');
    if (data !== undefined)
      events.push({ id: Number(last), event: fields.get('event') ?? 'message', data: JSON.parse(data) });
  };

  const connect = async (): Promise<void> => {
    const response = await fetch(url, {
      signal: stopped.signal,
      headers: {
        accept: 'text/event-stream',
        authorization: `Bearer ${token}`,
        ...(last === undefined ? {} : { 'last-event-id': last }),
      },
    });
    statuses.push(response.status);
    if (response.status !== 200 || response.body === null) return;
    let rest = '';
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
      const blocks = `${rest}${text}`.split('\n\n');
      rest = blocks.pop() ?? '';
      blocks.forEach(receive);
    }
  };

  const done = (async () => {
    do {
      await connect().catch(() => undefined); // the connection broke
      if (reconnects && !stopped.signal.aborted) await new Promise((resolve) => setTimeout(resolve, retryMs));
    } while (reconnects && !stopped.signal.aborted);
  })();

  return {
    events,
    /** Of each connection. */
    statuses,
    comments: () => comments,
    /** Resolves when the stream has ended, and it does not connect again. */
    done,
    stop: async () => {
      stopped.abort();
      await done;
    },
  };
};

export type Follower = ReturnType<typeof followEvents>;
