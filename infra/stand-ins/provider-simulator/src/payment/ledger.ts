import { randomUUID } from 'node:crypto';
import { openJournal } from '@emporium/service';
import {
  createMemory,
  done,
  fingerprint,
  forgetOldest,
  type Outcome,
  type Remembered,
  refused,
} from '../outcome.ts';
import { type Authorisation, type Entry, entry, type LedgerLine, type Money } from './records.ts';
import { behaviourOf } from './test-tokens.ts';

export interface AuthorisationRequest {
  readonly amount: Money;
  readonly token: string;
  readonly reference: string;
}

/** The provider's books. Repeating a call with its key gives the same answer and moves no money. */
export interface Ledger {
  authorise(key: string, request: AuthorisationRequest, isRefused: boolean): Outcome;
  /** Refusals leave no trace, so that the same key may try again. */
  capture(key: string, id: string, amount: Money | undefined, isRefused: boolean): Outcome;
  /** `id` is an authorisation's or a capture's. */
  refund(key: string, id: string, amount: Money | undefined, isRefused: boolean): Outcome;
  void(id: string, isRefused: boolean): Outcome;
  /** By the key of the authorisation; an unknown key leaves a tombstone, and an authorisation that comes late is declined. */
  voidByKey(key: string, isRefused: boolean): Outcome;
  find(id: string): Authorisation | undefined;
  findByKey(key: string): Authorisation | undefined;
  lines(reference?: string): LedgerLine[];
  close(): void;
}

export interface LedgerOptions {
  readonly file: string | undefined;
  readonly authorisationTtlMs: number;
  readonly now?: () => number;
}

/** The oldest are forgotten beyond this. */
const capacity = 200_000;

export const createLedger = ({ file, authorisationTtlMs, now = Date.now }: LedgerOptions): Ledger => {
  const authorisations = new Map<string, Authorisation>();
  const idByKey = new Map<string, string>();
  const idByCapture = new Map<string, string>();
  const tombstones = new Map<string, true>();
  const captureRefusals = new Map<string, number>();
  const memory = createMemory(capacity);

  const apply = (change: Entry): void => {
    if (change.type === 'tombstone') {
      tombstones.set(change.key, true);
      forgetOldest(tombstones, capacity);
      return;
    }
    const { authorisation } = change;
    authorisations.set(authorisation.id, authorisation);
    idByKey.set(authorisation.key, authorisation.id);
    if (authorisation.captureId !== undefined) idByCapture.set(authorisation.captureId, authorisation.id);
    if (change.answer !== undefined) memory.remember(change.answer);
    for (const map of [authorisations, idByKey, idByCapture]) forgetOldest<unknown>(map, capacity);
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

  const find = (id: string): Authorisation | undefined => authorisations.get(idByCapture.get(id) ?? id);
  const isExpired = ({ status, expiresAt }: Authorisation): boolean =>
    status === 'authorised' && now() >= expiresAt;

  const madeFor = (reference: string): number =>
    [...authorisations.values()].filter((each) => each.reference === reference).length;

  const voidIt = (authorisation: Authorisation): Outcome => {
    if (authorisation.status === 'captured') return alreadyCaptured;
    if (authorisation.status === 'authorised') {
      record({ type: 'change', authorisation: { ...authorisation, status: 'voided' } });
    }
    return done(200, {
      id: authorisation.id,
      status: authorisation.status === 'declined' ? 'declined' : 'voided',
    });
  };

  return {
    authorise(key, request, isRefused) {
      const asked = fingerprint('authorise', request);
      const known = memory.recall(key, asked);
      if (known !== undefined) return known;
      const { declines, expiries } = behaviourOf(request.token);
      const isTooOld = expiries > 0 && madeFor(request.reference) < expiries;
      const reason = tombstones.has(key) ? 'voided' : isRefused ? 'declined_on_request' : declines;
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
        expiresAt: now() + (isTooOld ? 0 : authorisationTtlMs),
        captured: 0,
        refunded: 0,
      };
      const answer: Remembered = {
        key,
        request: asked,
        outcome: done(201, authorisationBody(authorisation)),
      };
      record({ type: 'change', authorisation, answer });
      return answer.outcome;
    },

    capture(key, id, amount, isRefused) {
      const asked = fingerprint(`capture ${id}`, amount);
      const known = memory.recall(key, asked);
      if (known !== undefined) return known;
      const authorisation = find(id);
      if (authorisation === undefined) return unknownAuthorisation;
      if (authorisation.status === 'captured') return alreadyCaptured;
      if (authorisation.status === 'voided') return refused(409, 'authorisation_voided', 'It was voided.');
      if (authorisation.status === 'declined')
        return refused(409, 'authorisation_declined', 'It was declined.');
      if (isExpired(authorisation))
        return refused(409, 'authorisation_expired', 'It is too old to be captured.');
      const wanted = amount ?? { amount: authorisation.amount, currency: authorisation.currency };
      if (wanted.currency !== authorisation.currency || wanted.amount > authorisation.amount) {
        return refused(422, 'amount_too_large', 'More than was authorised, or in another currency.');
      }
      const refusals = captureRefusals.get(authorisation.id) ?? 0;
      if (isRefused || refusals < behaviourOf(authorisation.token).captureRefusals) {
        if (!isRefused) captureRefusals.set(authorisation.id, refusals + 1);
        forgetOldest(captureRefusals, capacity);
        return refused(409, 'capture_refused', 'The capture was refused; it may be tried again.');
      }
      const captureId = `capt_${randomUUID()}`;
      const body = { id: captureId, authorisationId: authorisation.id, status: 'captured', amount: wanted };
      const answer: Remembered = { key, request: asked, outcome: done(201, body) };
      const captured: Authorisation = {
        ...authorisation,
        status: 'captured',
        captured: wanted.amount,
        captureId,
      };
      record({ type: 'change', authorisation: captured, answer });
      return answer.outcome;
    },

    refund(key, id, amount, isRefused) {
      const asked = fingerprint(`refund ${id}`, amount);
      const known = memory.recall(key, asked);
      if (known !== undefined) return known;
      const authorisation = find(id);
      if (authorisation === undefined) return unknownAuthorisation;
      if (authorisation.status !== 'captured')
        return refused(409, 'not_captured', 'There is nothing to refund.');
      if (isRefused) return refused(409, 'refund_refused', 'The refund was refused; it may be tried again.');
      const left = authorisation.captured - authorisation.refunded;
      const wanted = amount ?? { amount: left, currency: authorisation.currency };
      if (wanted.currency !== authorisation.currency || wanted.amount > left) {
        return refused(422, 'amount_too_large', 'More than is left of the capture, or in another currency.');
      }
      const body = {
        id: `refd_${randomUUID()}`,
        authorisationId: authorisation.id,
        status: 'refunded',
        amount: wanted,
      };
      const answer: Remembered = { key, request: asked, outcome: done(201, body) };
      const refunded = { ...authorisation, refunded: authorisation.refunded + wanted.amount };
      record({ type: 'change', authorisation: refunded, answer });
      return answer.outcome;
    },

    void(id, isRefused) {
      const authorisation = find(id);
      if (authorisation === undefined) return unknownAuthorisation;
      return isRefused ? voidRefused : voidIt(authorisation);
    },

    voidByKey(key, isRefused) {
      if (isRefused) return voidRefused;
      const authorisation = authorisations.get(idByKey.get(key) ?? '');
      if (authorisation !== undefined) return voidIt(authorisation);
      if (!tombstones.has(key)) record({ type: 'tombstone', key });
      return done(200, { status: 'voided' });
    },

    find,
    findByKey: (key) => authorisations.get(idByKey.get(key) ?? ''),

    lines: (reference) =>
      [...authorisations.values()]
        .filter((authorisation) => reference === undefined || authorisation.reference === reference)
        .map((authorisation) => lineOf(authorisation, isExpired(authorisation))),

    close: () => journal.close(),
  };
};

const unknownAuthorisation = refused(
  404,
  'unknown_authorisation',
  'There is no such authorisation or capture.',
);
const alreadyCaptured = refused(409, 'already_captured', 'It was captured.');
const voidRefused = refused(409, 'void_refused', 'The void was refused; it may be tried again.');

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
