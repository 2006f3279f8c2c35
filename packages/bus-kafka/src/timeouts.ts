/** The broker did not answer in time. kafkajs may wait for ever where a reconnect has replaced the connection of a request. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';

  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
  }
}

/** Settles as `work` does, or rejects with `NoAnswer` after `ms`. The work itself is not cancelled. */
export const withTimeout = <T>(ms: number, work: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new NoAnswer(ms)), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
