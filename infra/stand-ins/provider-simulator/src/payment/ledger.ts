import { randomUUID } from 'node:crypto';
import { openJournal } from '@emporium/service';
import { evictOldest } from '../evict-oldest.ts';
import { createIdempotencyStore, fingerprint } from '../idempotency-store.ts';
import { type Outcome, rejected, succeeded } from '../outcome.ts';
import { type Authorisation, type Entry, entry, type LedgerLine, type Money } from './records.ts';
import { behaviourOf } from './test-tokens.ts';

export interface AuthorisationRequest {
  readonly amount: Money;
  readonly token: string;
  readonly reference: string;
}

/** The authorisations of the provider. A repeated request with the same idempotency key returns the same outcome and moves no money. */
export interface Ledger {
  authorise(key: string, request: AuthorisationRequest, isRefused: boolean): Outcome;
  /** A rejection is not stored, so the same key can be used again. */
  capture(key: string, id: string, amount: Money | undefined, isRefused: boolean): Outcome;
  /** `id` is the id of an authorisation or a capture. A rejection is not stored. */
  refund(key: string, id: string, amount: Money | undefined, isRefused: boolean): Outcome;
  void(id: string, isRefused: boolean): Outcome;
  /** By the idempotency key of the authorisation. An unknown key leaves a tombstone, which declines a later authorisation. */
  voidByKey(key: string, isRefused: boolean): Outcome;
  find(id: string): Authorisation | undefined;
  findByKey(key: string): Authorisation | undefined;
  lines(reference?: string): LedgerLine[];
  close(): void;
}

/** A change of an authorisation, with the outcome to store under the idempotency key. */
interface Change {
  readonly authorisation: Authorisation;
  readonly outcome: Outcome;
}

export interface LedgerOptions {
  readonly file: string | undefined;
  readonly authorisationTtlMs: number;
  readonly now?: () => number;
}

/** The number of authorisations. The oldest are evicted. */
const capacity = 200_000;

export const createLedger = ({ file, authorisationTtlMs, now = Date.now }: LedgerOptions): Ledger => {
  const authorisations = new Map<string, Authorisation>();
  const idByKey = new Map<string, string>();
  const idByCapture = new Map<string, string>();
  const tombstones = new Map<string, true>();
  const captureRefusals = new Map<string, number>();
  const refundRefusals = new Map<string, number>();
  const outcomes = createIdempotencyStore(capacity);

  const apply = (change: Entry): void => {
    if (change.type === 'tombstone') {
      tombstones.set(change.key, true);
      evictOldest(tombstones, capacity);
      return;
    }
    const { authorisation } = change;
    authorisations.set(authorisation.id, authorisation);
    idByKey.set(authorisation.key, authorisation.id);
    if (authorisation.captureId !== undefined) idByCapture.set(authorisation.captureId, authorisation.id);
    if (change.answer !== undefined) outcomes.save(change.answer);
    for (const map of [authorisations, idByKey, idByCapture]) evictOldest<unknown>(map, capacity);
  };

  const journal = openJournal({
    file: file === undefined ? undefined : `${file}.payments`,
    parse: entry.parse,
    apply,
  });

  const record = (change: Entry): void => {
    journal.append(change);
    apply(change);
  };

  /** A repeated request gets the stored outcome. A rejection changes nothing and is not stored. */
  const once = (key: string, request: string, operation: () => Change | Outcome): Outcome => {
    const stored = outcomes.find(key, request);
    if (stored !== undefined) return stored;
    const result = operation();
    if (!('authorisation' in result)) return result;
    const { authorisation, outcome } = result;
    record({ type: 'change', authorisation, answer: { key, request, outcome } });
    return outcome;
  };

  const find = (id: string): Authorisation | undefined => authorisations.get(idByCapture.get(id) ?? id);
  const findByKey = (key: string): Authorisation | undefined => authorisations.get(idByKey.get(key) ?? '');
  const isExpired = ({ status, expiresAt }: Authorisation): boolean =>
    status === 'authorised' && now() >= expiresAt;

  const countFor = (reference: string): number =>
    [...authorisations.values()].filter((each) => each.reference === reference).length;

  /** Counts the refusals that the token of an authorisation demands. */
  const mustRefuse = (
    refusals: Map<string, number>,
    { id, token }: Authorisation,
    kind: 'captureRefusals' | 'refundRefusals',
  ): boolean => {
    const known = refusals.get(id) ?? 0;
    if (known >= behaviourOf(token)[kind]) return false;
    refusals.set(id, known + 1);
    evictOldest(refusals, capacity);
    return true;
  };

  const voidIt = (authorisation: Authorisation): Outcome => {
    if (authorisation.status === 'captured') return alreadyCaptured;
    if (authorisation.status === 'authorised') {
      record({ type: 'change', authorisation: { ...authorisation, status: 'voided' } });
    }
    return succeeded(200, {
      id: authorisation.id,
      status: authorisation.status === 'declined' ? 'declined' : 'voided',
    });
  };

  return {
    authorise: (key, request, isRefused) =>
      once(key, fingerprint('authorise', request), () => {
        const { declineReason, expiries } = behaviourOf(request.token);
        const expiresAtOnce = expiries > 0 && countFor(request.reference) < expiries;
        const reason = tombstones.has(key) ? 'voided' : isRefused ? 'declined_on_request' : declineReason;
        const authorisation: Authorisation = {
          id: `auth_${randomUUID()}`,
          key,
          reference: request.reference,
          token: request.token,
          amount: request.amount.amount,
          currency: request.amount.currency,
          status: reason === undefined ? 'authorised' : 'declined',
          ...(reason === undefined ? {} : { reason }),
          createdAt: now(),
          expiresAt: now() + (expiresAtOnce ? 0 : authorisationTtlMs),
          captured: 0,
          refunded: 0,
        };
        return { authorisation, outcome: succeeded(201, authorisationBody(authorisation)) };
      }),

    capture: (key, id, requested, isRefused) =>
      once(key, fingerprint(`capture ${id}`, requested), () => {
        const authorisation = find(id);
        if (authorisation === undefined) return unknownAuthorisation;
        if (authorisation.status === 'captured') return alreadyCaptured;
        if (authorisation.status === 'voided')
          return rejected(409, 'authorisation_voided', 'The authorisation was voided.');
        if (authorisation.status === 'declined')
          return rejected(409, 'authorisation_declined', 'The authorisation was declined.');
        if (isExpired(authorisation))
          return rejected(409, 'authorisation_expired', 'The authorisation has expired.');
        const { amount: total, currency } = authorisation;
        const amount = requested ?? { amount: total, currency };
        if (amount.currency !== currency || amount.amount > total)
          return rejected(422, 'amount_too_large', 'More than was authorised, or in another currency.');
        if (isRefused || mustRefuse(captureRefusals, authorisation, 'captureRefusals')) {
          return rejected(409, 'capture_refused', 'The capture was refused; it may be retried.');
        }
        const captureId = `capt_${randomUUID()}`;
        return {
          authorisation: { ...authorisation, status: 'captured', captured: amount.amount, captureId },
          outcome: succeeded(201, {
            id: captureId,
            authorisationId: authorisation.id,
            status: 'captured',
            amount,
          }),
        };
      }),

    refund: (key, id, requested, isRefused) =>
      once(key, fingerprint(`refund ${id}`, requested), () => {
        const authorisation = find(id);
        if (authorisation === undefined) return unknownAuthorisation;
        if (authorisation.status !== 'captured')
          return rejected(409, 'not_captured', 'There is nothing to refund.');
        const { captured, refunded, currency } = authorisation;
        const amount = requested ?? { amount: captured - refunded, currency };
        if (amount.currency !== currency || amount.amount > captured - refunded)
          return rejected(
            422,
            'amount_too_large',
            'More than is left of the capture, or in another currency.',
          );
        if (isRefused || mustRefuse(refundRefusals, authorisation, 'refundRefusals'))
          return rejected(409, 'refund_refused', 'The refund was refused; it may be retried.');
        return {
          authorisation: { ...authorisation, refunded: refunded + amount.amount },
          outcome: succeeded(201, {
            id: `refd_${randomUUID()}`,
            authorisationId: authorisation.id,
            status: 'refunded',
            amount,
          }),
        };
      }),

    void(id, isRefused) {
      const authorisation = find(id);
      if (authorisation === undefined) return unknownAuthorisation;
      return isRefused ? voidRefused : voidIt(authorisation);
    },

    voidByKey(key, isRefused) {
      if (isRefused) return voidRefused;
      const authorisation = findByKey(key);
      if (authorisation !== undefined) return voidIt(authorisation);
      if (!tombstones.has(key)) record({ type: 'tombstone', key });
      return succeeded(200, { status: 'voided' });
    },

    find,
    findByKey,

    lines: (reference) =>
      [...authorisations.values()]
        .filter((authorisation) => reference === undefined || authorisation.reference === reference)
        .map((authorisation) => lineOf(authorisation, isExpired(authorisation))),

    close: () => journal.close(),
  };
};

const unknownAuthorisation = rejected(
  404,
  'unknown_authorisation',
  'There is no such authorisation or capture.',
);
const alreadyCaptured = rejected(409, 'already_captured', 'The authorisation was captured already.');
const voidRefused = rejected(409, 'void_refused', 'The void was refused; it may be retried.');

const authorisationBody = ({ id, status, reason, expiresAt }: Authorisation): Record<string, unknown> =>
  status === 'declined'
    ? { id, status: 'declined', reason }
    : { id, status: 'approved', expiresAt: new Date(expiresAt).toISOString() };

const lineOf = (authorisation: Authorisation, isExpired: boolean): LedgerLine => {
  const { id, key, reference, status, reason, currency, amount, captured, refunded, createdAt } =
    authorisation;
  return {
    id,
    key,
    reference,
    status: isExpired ? 'expired' : status,
    ...(reason === undefined ? {} : { reason }),
    currency,
    authorised: status === 'declined' ? 0 : amount,
    held: status === 'authorised' && !isExpired ? amount : 0,
    captured,
    refunded,
    voided: status === 'voided' ? amount : 0,
    createdAt: new Date(createdAt).toISOString(),
  };
};
