import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { type ProblemDocument, request } from '../shared/api.ts';
import { Shown } from '../shared/components.tsx';
import { failureOf } from '../shared/failure.ts';
import { formatMoney } from '../shared/format.ts';
import { createIdempotencyKeys } from '../shared/idempotency-keys.ts';
import { useResource } from '../shared/resource.ts';
import { navigate } from '../shared/router.ts';
import { session } from '../shared/session.ts';
import { basket, emptyBasket } from './basket.ts';
import { type BasketLine, linesOf, totalOf } from './basket-lines.ts';
import { isMoney } from './price-change.ts';
import { type Products, productsPath } from './products.ts';

/** The cards of the payment provider's test mode. */
const cards: readonly (readonly [token: string, name: string, effect: string])[] = [
  ['tok_ok', 'A card that works', 'the order completes'],
  ['tok_declined', 'A declined card', 'the stock is released, the order is cancelled'],
  ['tok_insufficient', 'A card without funds', 'the same, for another reason'],
  ['tok_charge_then_timeout', 'Charged, but the answer is lost', 'it is asked again, and charged once'],
  ['tok_capture_fails_2', 'The capture fails twice', 'it is tried again, and the order completes'],
  ['tok_capture_fails', 'The capture always fails', 'the order waits for an administrator'],
];

export const CheckOutPage = (): JSX.Element => {
  const { state, reload } = useResource<Products>(productsPath);
  if (session.value.kind === 'signed-out') {
    navigate('/shop/sign-in?next=/shop/check-out', { replace: true });
    return <p class="soft">Sign in to check out.</p>;
  }
  return (
    <>
      <h1>Check out</h1>
      <Shown of={state.value} what="the check-out" retry={reload}>
        {({ products }) => <CheckOut lines={linesOf(basket.value, products)} reload={reload} />}
      </Shown>
    </>
  );
};

interface CheckOutProps {
  readonly lines: readonly BasketLine[];
  readonly reload: () => void;
}

const CheckOut = ({ lines, reload }: CheckOutProps): JSX.Element => {
  const card = useSignal('tok_ok');
  const isSending = useSignal(false);
  const failure = useSignal<string | ProblemDocument | undefined>(undefined);
  // One for each order that the customer means to place: sent again, it places no second one.
  const keyOf = useMemo(createIdempotencyKeys, []);
  const total = totalOf(lines);
  if (total === undefined)
    return (
      <p>
        There is nothing to order. <a href="/shop/basket">See the basket</a>.
      </p>
    );

  const place = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (isSending.value) return;
    isSending.value = true;
    const body = {
      lines: lines.map(({ sku, count: quantity }) => ({ sku, quantity })),
      paymentToken: card.value,
      expectedTotal: total,
    };
    const answer = await request<{ orderId: string }>('/api/orders', {
      method: 'POST',
      headers: { 'idempotency-key': keyOf(body) },
      body,
    });
    isSending.value = false;
    if (answer.kind === 'ok') {
      emptyBasket();
      navigate(`/shop/orders/${answer.body.orderId}`);
      return;
    }
    failure.value =
      answer.kind === 'away'
        ? 'The shop does not answer. Send the order again: it is placed once.'
        : answer.problem;
    if (answer.kind === 'problem' && answer.problem.code === 'other-total') reload();
  };

  return (
    <form class="check-out" onSubmit={(event) => void place(event)}>
      <Refused failure={failure.value} />
      <ul class="plain-list">
        {lines.map(({ sku, count, product }) => (
          <li key={sku}>
            {count} × <bdi>{product?.name ?? sku}</bdi>
          </li>
        ))}
      </ul>
      <p>
        Total <strong class="price">{formatMoney(total)}</strong>
      </p>
      <fieldset>
        <legend>Pay with a test card</legend>
        {cards.map(([token, name, effect]) => (
          <label key={token} class="choice">
            <input
              type="radio"
              name="card"
              value={token}
              checked={card.value === token}
              onChange={() => {
                card.value = token;
              }}
            />
            <span>
              {name} <span class="soft small">– {effect}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <button type="submit" class="primary" disabled={isSending.value}>
        {isSending.value ? 'Sending …' : 'Place the order'}
      </button>
    </form>
  );
};

const Refused = ({
  failure,
}: {
  readonly failure: string | ProblemDocument | undefined;
}): JSX.Element | null => {
  if (failure === undefined) return null;
  return (
    <div class="notice bad" role="alert">
      <p>{typeof failure === 'string' ? failure : textOf(failure)}</p>
    </div>
  );
};

const textOf = (problem: ProblemDocument): string => {
  const total = problem.members['total'];
  if (problem.code === 'other-total' && isMoney(total))
    return `A price has changed: the order costs ${formatMoney(total)} now. Send it again if you agree.`;
  return failureOf({ kind: 'problem', problem });
};
