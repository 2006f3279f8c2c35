/** kafkajs may wait for ever: for the answer to a request over a connection that another attempt to connect has replaced. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';

  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
  }
}

/** As the work ends, or rejects with `NoAnswer` after `ms`; what becomes of the work then is nobody's concern. */
export const within = <T>(ms: number, work: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new NoAnswer(ms)), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
