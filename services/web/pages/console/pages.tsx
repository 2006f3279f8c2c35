import type { JSX } from 'preact';
import { OrderPage } from './orders/order-page.tsx';
import { OrdersPage } from './orders/orders-page.tsx';
import { SagaPage } from './sagas/saga-page.tsx';
import { SagasPage } from './sagas/sagas-page.tsx';
import { TracePage } from './traces/trace-page.tsx';
import { TracesPage } from './traces/traces-page.tsx';

type Page = (parameters: Readonly<Record<string, string>>) => JSX.Element;

/** Which page answers which address. */
export const pages: readonly (readonly [pattern: string, page: Page])[] = [
  ['/console', () => <SagasPage />],
  ['/console/orders', () => <OrdersPage />],
  ['/console/orders/:id', ({ id = '' }) => <OrderPage key={id} id={id} part="overview" />],
  ['/console/orders/:id/:part', ({ id = '', part = '' }) => <OrderPage key={id} id={id} part={part} />],
  ['/console/traces', () => <TracesPage />],
  ['/console/traces/:id', ({ id = '' }) => <TracePage key={id} id={id} />],
  ['/console/sagas', () => <SagasPage />],
  ['/console/sagas/:id', ({ id = '' }) => <SagaPage key={id} id={id} />],
];
