/** A body that is not taken as a whole: the HTTP status of the answer, and what is wrong. */
export class RefusedBody extends Error {
  readonly status: 400 | 413 | 415;

  constructor(status: 400 | 413 | 415, message: string) {
    super(message);
    this.name = 'RefusedBody';
    this.status = status;
  }
}
