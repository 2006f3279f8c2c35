import type { JSX } from 'preact';
import { Shown } from '../shared/components.tsx';
import { formatMoney } from '../shared/format.ts';
import { useResource } from '../shared/resource.ts';
import { basket, pricesThen, setPieces } from './basket.ts';
import { type BasketLine, linesOf, totalOf } from './basket-lines.ts';
import { priceChange } from './price-change.ts';
import { type Product, type Products, productsEveryMs, productsPath } from './products.ts';

export const BasketPage = (): JSX.Element => {
  const { state, reload } = useResource<Products>(productsPath, productsEveryMs);
  return (
    <>
      <h1>Basket</h1>
      <Shown of={state.value} what="the basket" retry={reload}>
        {({ products }) => <Basket lines={linesOf(basket.value, products)} />}
      </Shown>
    </>
  );
};

const Basket = ({ lines }: { readonly lines: readonly BasketLine[] }): JSX.Element => {
  if (lines.length === 0)
    return (
      <p>
        The basket is empty. <a href="/">See the products</a>.
      </p>
    );
  const total = totalOf(lines);
  return (
    <>
      <table>
        <thead>
          <tr>
            <th scope="col">Product</th>
            <th scope="col">Pieces</th>
            <th scope="col" class="number">
              Price
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <Row key={line.sku} line={line} />
          ))}
        </tbody>
        {total === undefined ? null : (
          <tfoot>
            <tr>
              <th scope="row" colSpan={2}>
                Total
              </th>
              <td class="number">
                <strong>{formatMoney(total)}</strong>
              </td>
            </tr>
          </tfoot>
        )}
      </table>
      {total === undefined ? (
        <p class="notice warn">
          These products cannot be ordered together: they are not all there, or have several currencies.
        </p>
      ) : (
        <p>
          <a class="button primary" href="/shop/check-out">
            Check out
          </a>
        </p>
      )}
    </>
  );
};

const Row = ({ line: { sku, count, product } }: { readonly line: BasketLine }): JSX.Element => (
  <tr>
    <td>
      {product === undefined ? (
        <span class="field-error">{sku} is no longer sold</span>
      ) : (
        <bdi>{product.name}</bdi>
      )}
      {product !== undefined && product.available < count ? (
        <p class="field-error">only {product.available} left</p>
      ) : null}
      {product === undefined ? null : <ChangedPrice product={product} />}
    </td>
    <td>
      <label class="visually-hidden" for={`pieces-${sku}`}>
        Pieces of {product?.name ?? sku}
      </label>
      <input
        id={`pieces-${sku}`}
        class="pieces"
        type="number"
        min="0"
        max="1000"
        value={count}
        onChange={({ currentTarget }) => setPieces(sku, Math.trunc(Number(currentTarget.value)) || 0)}
      />
      <button type="button" class="plain" onClick={() => setPieces(sku, 0)}>
        Remove<span class="visually-hidden"> {product?.name ?? sku}</span>
      </button>
    </td>
    <td class="number">
      {product === undefined ? '–' : formatMoney({ ...product.price, amount: product.price.amount * count })}
    </td>
  </tr>
);

/** The price is live: when it has changed since the product was put into the basket, that is said. */
const ChangedPrice = ({ product: { sku, price } }: { readonly product: Product }): JSX.Element => {
  const then = pricesThen.value[sku];
  const change = priceChange(then, price);
  return (
    <div role="status">
      {change === undefined || then === undefined ? null : (
        <p class={`price-change ${change}`}>
          {change}: it was {formatMoney(then)} a piece, and is {formatMoney(price)}
        </p>
      )}
    </div>
  );
};
