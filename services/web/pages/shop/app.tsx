import type { JSX } from 'preact';
import { matchPath } from '../shared/match-path.ts';
import { path } from '../shared/router.ts';
import { session } from '../shared/session.ts';
import { AccountPage } from './account-page.tsx';
import { pieces } from './basket.ts';
import { BasketPage } from './basket-page.tsx';
import { CheckOutPage } from './check-out-page.tsx';
import { OrderPage } from './order-page.tsx';
import { OrdersPage } from './orders-page.tsx';
import { ProductsPage } from './products-page.tsx';
import { RegisterPage, SignInPage } from './sign-in-page.tsx';

type Page = (parameters: Readonly<Record<string, string>>) => JSX.Element;

const pages: readonly (readonly [pattern: string, page: Page])[] = [
  ['/', () => <ProductsPage />],
  ['/shop', () => <ProductsPage />],
  ['/shop/basket', () => <BasketPage />],
  ['/shop/check-out', () => <CheckOutPage />],
  ['/shop/sign-in', () => <SignInPage />],
  ['/shop/register', () => <RegisterPage />],
  ['/shop/orders', () => <OrdersPage />],
  ['/shop/orders/:id', ({ id = '' }) => <OrderPage key={id} id={id} />],
  ['/shop/account', () => <AccountPage />],
];

export const App = (): JSX.Element => (
  <>
    <a class="skip button" href="#main">
      Skip to the content
    </a>
    <Header />
    <main id="main" tabIndex={-1}>
      {pageAt(path.value)}
    </main>
    <footer class="soft small">
      Nothing here is real: no parcel leaves, no money moves. <a href="/console">Console</a> ·{' '}
      <a href="/status">Status</a> · <a href="/docs/">API</a>
    </footer>
  </>
);

const pageAt = (current: string): JSX.Element => {
  for (const [pattern, page] of pages) {
    const parameters = matchPath(pattern, current);
    if (parameters !== undefined) return page(parameters);
  }
  return (
    <>
      <h1>There is no such page</h1>
      <p>
        <a href="/">See the products</a>.
      </p>
    </>
  );
};

const Header = (): JSX.Element => (
  <header class="site">
    <a class="brand" href="/">
      Emporium
    </a>
    <nav aria-label="Shop">
      <NavLink href="/" text="Products" />
      <NavLink href="/shop/orders" text="My orders" />
      {session.value.kind === 'signed-in' ? (
        <NavLink href="/shop/account" text="My account" />
      ) : (
        <NavLink href="/shop/sign-in" text="Sign in" />
      )}
      <NavLink href="/shop/basket" text={`Basket (${pieces.value})`} />
    </nav>
  </header>
);

const NavLink = ({ href, text }: { readonly href: string; readonly text: string }): JSX.Element => (
  <a href={href} aria-current={path.value === href ? 'page' : undefined}>
    {text}
  </a>
);
