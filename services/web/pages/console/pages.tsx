import type { JSX } from 'preact';
import { DeadLetterPage } from './dead-letters/dead-letter-page.tsx';
import { GroupsPage } from './dead-letters/groups-page.tsx';
import { JobPage } from './dead-letters/job-page.tsx';
import { JobsPage } from './dead-letters/jobs-page.tsx';
import { ListPage } from './dead-letters/list-page.tsx';
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
  ['/console/dead-letters', () => <GroupsPage />],
  ['/console/dead-letters/list', () => <ListPage />],
  ['/console/dead-letters/jobs', () => <JobsPage />],
  ['/console/dead-letters/jobs/:id', ({ id = '' }) => <JobPage key={id} id={id} />],
  ['/console/dead-letters/:id', ({ id = '' }) => <DeadLetterPage key={id} id={id} />],
];
