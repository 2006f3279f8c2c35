import type { JSX } from 'preact';
import { FlowPage } from './flow/flow-page.tsx';
import { SagaPage } from './sagas/saga-page.tsx';
import { SagasPage } from './sagas/sagas-page.tsx';
import { SearchPage } from './search/search-page.tsx';

type Page = (parameters: Readonly<Record<string, string>>) => JSX.Element;

/** Which page answers which address. */
export const pages: readonly (readonly [pattern: string, page: Page])[] = [
  ['/console', () => <FlowPage />],
  ['/console/search', () => <SearchPage />],
  ['/console/sagas', () => <SagasPage />],
  ['/console/sagas/:id', ({ id = '' }) => <SagaPage key={id} id={id} />],
];
