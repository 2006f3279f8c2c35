import type { JSX } from 'preact';
import { Shown } from '../shared/components.tsx';
import { formatMoney } from '../shared/format.ts';
import { useResource } from '../shared/resource.ts';
import { query, setQuery } from '../shared/router.ts';
import { addPiece, basket } from './basket.ts';
import { ProductPicture } from './product-picture.tsx';
import { type Product, type Products, productsEveryMs, productsPath, search } from './products.ts';

export const ProductsPage = (): JSX.Element => {
  const { state, reload } = useResource<Products>(productsPath, productsEveryMs);
  const text = query.value.get('q') ?? '';
  return (
    <>
      <div class="page-head">
        <h1>Products</h1>
        <div class="search">
          <label class="visually-hidden" for="search">
            Search products
          </label>
          <input
            id="search"
            type="search"
            placeholder="Search products"
            value={text}
            onInput={({ currentTarget }) => setQuery({ q: currentTarget.value })}
          />
        </div>
      </div>
      <Shown of={state.value} what="the products" retry={reload}>
        {({ products }) => <ProductList products={search(products, text)} isSearch={text !== ''} />}
      </Shown>
    </>
  );
};

interface ProductListProps {
  readonly products: readonly Product[];
  readonly isSearch: boolean;
}

const ProductList = ({ products, isSearch }: ProductListProps): JSX.Element => {
  if (products.length === 0)
    return <p class="soft">{isSearch ? 'No product has these words.' : 'The shop has no products yet.'}</p>;
  return (
    <ul class="products">
      {products.map((product) => (
        <li key={product.sku}>
          <ProductCard product={product} />
        </li>
      ))}
    </ul>
  );
};

const ProductCard = ({ product }: { readonly product: Product }): JSX.Element => {
  const { sku, name, price, available } = product;
  const chosen = basket.value[sku] ?? 0;
  return (
    <article class="product card">
      <ProductPicture sku={sku} />
      <h2 dir="auto">{name}</h2>
      <p class="soft small">{sku}</p>
      <p class="price">{formatMoney(price)}</p>
      <Stock available={available} />
      <button
        type="button"
        class="primary"
        disabled={available <= chosen}
        onClick={() => addPiece(sku, price)}
      >
        Add to basket{chosen > 0 ? ` (${chosen})` : ''}
        <span class="visually-hidden">: {name}</span>
      </button>
    </article>
  );
};

const Stock = ({ available }: { readonly available: number }): JSX.Element => {
  if (available === 0) return <p class="badge bad">out of stock</p>;
  if (available <= 5) return <p class="badge warn">only {available} left</p>;
  return <p class="badge good">{available} in stock</p>;
};
