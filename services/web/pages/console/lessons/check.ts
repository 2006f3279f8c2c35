import type { Answer } from '../../shared/api.ts';

/** Looks through the API whether a step of a lesson was done. */
export type Check = (context: CheckContext) => Promise<Verdict>;

export interface CheckContext {
  /** Reads an address of the API. */
  readonly get: <T>(path: string) => Promise<Answer<T>>;
  /** When the lesson was begun, by the shop's clock: what happened before does not count. */
  readonly begunAt: Date;
}

export interface Verdict {
  readonly isDone: boolean;
  /** What was found, or what is missing, in a sentence for people. */
  readonly seen: string;
}
