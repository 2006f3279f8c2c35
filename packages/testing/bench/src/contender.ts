/** One side of a comparison at the level of the transport: the raw client library, or ours. Both move the same bytes. */
export interface Contender {
  /** Publishes so many messages, `inFlight` unconfirmed at one time. Resolves when the broker owns all. */
  publish(count: number): Promise<void>;
  /** Takes so many messages that are there already, `unsettled` at one time. Gives the milliseconds from the first delivery to the last ack. */
  drain(count: number): Promise<number>;
  /** Starts a consumer; gives how one message is sent through it. */
  listen(): Promise<Listening>;
  close(): Promise<void>;
}

export interface Listening {
  /** Milliseconds from the call of publish to the delivery of this one message; resolves when it is confirmed too. */
  roundTrip(): Promise<number>;
  stop(): Promise<void>;
}

export const inFlight = 500;
export const unsettled = 200;
export const body = Buffer.alloc(100, 'x');

/** As long as the ids of the shop. */
export const idOf = (index: number): string => `bench-${String(index).padStart(30, '0')}`;

/** Runs `work` for each index below `count`, so many at one time. */
export const inWindow = async (
  count: number,
  most: number,
  work: (index: number) => Promise<void>,
): Promise<void> => {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const index = next;
      next += 1;
      await work(index);
    }
  };
  await Promise.all(Array.from({ length: most }, worker));
};

/** Pairs each message that is sent with its delivery. */
export const createLine = (send: () => Promise<void>) => {
  let arrived = (): void => {};
  return {
    onDelivery: (): void => arrived(),
    roundTrip: async (): Promise<number> => {
      const start = performance.now();
      const delivered = new Promise<number>((resolve) => {
        arrived = () => resolve(performance.now() - start);
      });
      const [ms] = await Promise.all([delivered, send()]);
      return ms;
    },
  };
};
