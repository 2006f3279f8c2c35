import { type Log, messageOf } from '@emporium/bus';

/** Logs a failure once, and its end once, for each of the things that can fail. */
export interface TroubleLog {
  failed(what: string, error: unknown, facts?: object): void;
  recovered(what: string): void;
  /** The reason of the failure that has not ended yet. */
  reason(what: string): string | undefined;
}

/** The name of the membership; partitions are named `topic/partition`. */
export const membership = 'the group';

/** A failure that goes on for the same reason is logged again after so long. */
const repeatMs = 10 * 60_000;

export const createTroubleLog = (log: Log, groupId: string): TroubleLog => {
  const troubles = new Map<string, { readonly reason: string; readonly loggedAt: number }>();
  return {
    failed: (what, error, facts = {}) => {
      const reason = messageOf(error);
      const before = troubles.get(what);
      if (before?.reason === reason && Date.now() - before.loggedAt < repeatMs) return;
      troubles.set(what, { reason, loggedAt: Date.now() });
      log.warn({ group: groupId, ...facts }, `trying again: ${reason}`);
    },
    recovered: (what) => {
      if (troubles.delete(what))
        log.info({ group: groupId }, what === membership ? 'in the group again' : `${what} is read again`);
    },
    reason: (what) => troubles.get(what)?.reason,
  };
};
