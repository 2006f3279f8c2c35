/** One side of a comparison of transports: the raw client library, or our transport. Both transfer the same bytes. */
export interface Contender {
  /** Publishes messages, `inFlight` of them unconfirmed at one time. Resolves when the broker has confirmed all. */
  publish(count: number): Promise<void>;
  /** Consumes waiting messages, `unsettled` at one time. Resolves with the milliseconds from the first delivery to the last ack. */
  drain(count: number): Promise<number>;
  /** Starts a consumer for measuring the latency of single messages. */
  listen(): Promise<Listening>;
  close(): Promise<void>;
}

export interface Listening {
  /** Sends one message. Resolves, after its confirm, with the milliseconds from publish to delivery. */
  roundTrip(): Promise<number>;
  stop(): Promise<void>;
}

export const inFlight = 500;
export const unsettled = 200;
export const body = Buffer.alloc(100, 'x');

/** An id of the same length as those of the shop. */
export const idOf = (index: number): string => `bench-${String(index).padStart(30, '0')}`;

/** Runs `work` for each index below `count`, up to `maxRunning` at one time. */
export const runConcurrently = async (
  count: number,
  maxRunning: number,
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
  await Promise.all(Array.from({ length: maxRunning }, worker));
};

/** Measures the time from sending a message to its delivery. */
export const createRoundTrip = (send: () => Promise<void>) => {
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
