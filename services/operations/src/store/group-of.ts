import { createHash } from 'node:crypto';
import { fingerprintOf } from '../domain/fingerprint.ts';

/** What the dead letters of a group have in common. */
export interface GroupColumns {
  readonly group_id: string;
  readonly fingerprint: string;
}

/** The group of a dead letter: it failed in the same subscription, with the same type, code and fingerprint as the others. */
export const groupOf = (deadLetter: {
  readonly subscription: string;
  readonly type: string;
  readonly code: string;
  readonly reason: string;
}): GroupColumns => {
  const { subscription, type, code, reason } = deadLetter;
  const fingerprint = fingerprintOf(reason);
  const hash = createHash('sha256').update(JSON.stringify([subscription, type, code, fingerprint]));
  return { group_id: hash.digest('hex').slice(0, 16), fingerprint };
};
