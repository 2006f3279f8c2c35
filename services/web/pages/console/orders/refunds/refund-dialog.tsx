import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { request } from '../../../shared/api.ts';
import { Dialog } from '../../../shared/dialog.tsx';
import { formatMoney } from '../../../shared/format.ts';
import { createIdempotencyKeys } from '../../../shared/idempotency-keys.ts';
import type { Order } from '../order.ts';
import { minorUnitsOf, priceOf, type Refunds, remainingPieces } from './refund.ts';

interface DialogProps {
  readonly order: Order;
  readonly known: Refunds;
  readonly path: string;
  readonly close: (isDone: boolean) => void;
}

/** Pieces or an amount, and why; what will be given back is on the button. */
export const RefundDialog = ({ order, known, path, close }: DialogProps): JSX.Element => {
  // A second click, or a repeated request after a lost answer, is the same refund.
  const keyOf = useMemo(createIdempotencyKeys, []);
  const by = useSignal<'lines' | 'amount'>('lines');
  const pieces = useSignal<ReadonlyMap<string, number>>(new Map());
  const typed = useSignal('');
  const restock = useSignal(false);
  const reason = useSignal('');
  const message = useSignal('');
  const isSending = useSignal(false);

  const { currency } = order.total;
  const amount =
    by.value === 'lines' ? priceOf(order.lines, pieces.value) : (minorUnitsOf(typed.value, currency) ?? 0);
  const isComplete = amount > 0 && reason.value.trim() !== '';

  const send = async (): Promise<void> => {
    if (!isComplete || isSending.value) return;
    isSending.value = true;
    const lines = [...pieces.value].flatMap(([sku, quantity]) => (quantity > 0 ? [{ sku, quantity }] : []));
    const what = by.value === 'lines' ? { lines, restock: restock.value } : { amount: { amount, currency } };
    const body = { ...what, reason: reason.value.trim() };
    const answer = await request(path, {
      method: 'POST',
      headers: { 'idempotency-key': keyOf(body) },
      body,
    });
    isSending.value = false;
    if (answer.kind === 'ok') return close(true);
    if (answer.kind === 'away') {
      message.value = 'The shop does not answer; try again: it will not be refunded twice.';
      return;
    }
    message.value = [
      answer.problem.detail,
      ...answer.problem.errors.map((error) => `${error.field} ${error.message}`),
    ].join(' ');
  };

  return (
    <Dialog title="Refund" close={() => close(false)}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <fieldset class="choice">
          <legend>What is given back</legend>
          {(['lines', 'amount'] as const).map((each) => (
            <label key={each} class="check">
              <input
                type="radio"
                name="by"
                checked={by.value === each}
                onChange={() => {
                  by.value = each;
                }}
              />
              {each === 'lines' ? 'Pieces, at their price in the order' : 'An amount'}
            </label>
          ))}
        </fieldset>
        {by.value === 'lines' ? (
          <>
            <Pieces
              order={order}
              known={known}
              pieces={pieces.value}
              change={(sku, quantity) => {
                pieces.value = new Map([...pieces.value, [sku, quantity]]);
              }}
            />
            <label class="check">
              <input
                type="checkbox"
                checked={restock.value}
                onChange={({ currentTarget }) => {
                  restock.value = currentTarget.checked;
                }}
              />
              The pieces come back into the stock
            </label>
          </>
        ) : (
          <label>
            Amount in {currency}
            <input
              inputMode="decimal"
              value={typed.value}
              onInput={({ currentTarget }) => {
                typed.value = currentTarget.value;
              }}
            />
          </label>
        )}
        <label>
          Why
          <input
            value={reason.value}
            maxLength={500}
            dir="auto"
            onInput={({ currentTarget }) => {
              reason.value = currentTarget.value;
            }}
          />
        </label>
        <p class="soft small">It is recorded with your name, and cannot be taken back.</p>
        <p role="alert" class="field-error">
          {message.value}
        </p>
        <p class="actions">
          <button type="submit" class="primary" disabled={!isComplete || isSending.value}>
            {amount > 0 ? `Refund ${formatMoney({ amount, currency })}` : 'Refund'}
          </button>
          <button type="button" onClick={() => close(false)}>
            Not now
          </button>
        </p>
      </form>
    </Dialog>
  );
};

interface PiecesProps {
  readonly order: Order;
  readonly known: Refunds;
  readonly pieces: ReadonlyMap<string, number>;
  readonly change: (sku: string, quantity: number) => void;
}

const Pieces = ({ order: { lines }, known: { refunds }, pieces, change }: PiecesProps): JSX.Element => {
  const left = remainingPieces(lines, refunds);
  return (
    <div class="pieces">
      {[...left].map(([sku, quantity]) => (
        <label key={sku}>
          {sku}, {quantity} left
          <input
            type="number"
            min={0}
            max={quantity}
            disabled={quantity === 0}
            value={pieces.get(sku) ?? 0}
            onInput={({ currentTarget }) =>
              change(sku, Math.max(0, Math.min(quantity, Math.trunc(Number(currentTarget.value)) || 0)))
            }
          />
        </label>
      ))}
    </div>
  );
};
