import type { JSX } from 'preact';
import { BreakItPage } from './break-it/break-it-page.tsx';
import { DeadLetterPage } from './dead-letters/dead-letter-page.tsx';
import { GroupsPage } from './dead-letters/groups-page.tsx';
import { JobPage } from './dead-letters/job-page.tsx';
import { JobsPage } from './dead-letters/jobs-page.tsx';
import { ListPage } from './dead-letters/list-page.tsx';
import { FlowPage } from './flow/flow-page.tsx';
import { LessonPage } from './lessons/lesson-page.tsx';
import { LessonsPage } from './lessons/lessons-page.tsx';
import { OrderPage } from './orders/order-page.tsx';
import { OrdersPage } from './orders/orders-page.tsx';
import { ProjectionsPage } from './projections/projections-page.tsx';
import { SagaPage } from './sagas/saga-page.tsx';
import { SagasPage } from './sagas/sagas-page.tsx';
import { SearchPage } from './search/search-page.tsx';
import { SensorsPage } from './sensors/sensors-page.tsx';
import { SubscriptionPage } from './subscriptions/subscription-page.tsx';
import { SubscriptionsPage } from './subscriptions/subscriptions-page.tsx';
import { TasksPage } from './tasks/tasks-page.tsx';
import { TracePage } from './traces/trace-page.tsx';
import { TracesPage } from './traces/traces-page.tsx';

type Page = (parameters: Readonly<Record<string, string>>) => JSX.Element;

/** Which page answers which address. */
export const pages: readonly (readonly [pattern: string, page: Page])[] = [
  ['/console', () => <FlowPage />],
  ['/console/search', () => <SearchPage />],
  ['/console/orders', () => <OrdersPage />],
  ['/console/orders/:id', ({ id = '' }) => <OrderPage key={id} id={id} part="overview" />],
  ['/console/orders/:id/:part', ({ id = '', part = '' }) => <OrderPage key={id} id={id} part={part} />],
  ['/console/traces', () => <TracesPage />],
  ['/console/traces/:id', ({ id = '' }) => <TracePage key={id} id={id} />],
  ['/console/sagas', () => <SagasPage />],
  ['/console/sagas/:id', ({ id = '' }) => <SagaPage key={id} id={id} />],
  ['/console/dead-letters', () => <GroupsPage />],
  ['/console/dead-letters/list', () => <ListPage />],
  ['/console/dead-letters/jobs', () => <JobsPage />],
  ['/console/dead-letters/jobs/:id', ({ id = '' }) => <JobPage key={id} id={id} />],
  ['/console/dead-letters/:id', ({ id = '' }) => <DeadLetterPage key={id} id={id} />],
  ['/console/subscriptions', () => <SubscriptionsPage />],
  ['/console/subscriptions/:name', ({ name = '' }) => <SubscriptionPage key={name} name={name} />],
  ['/console/projections', () => <ProjectionsPage />],
  ['/console/tasks', () => <TasksPage />],
  ['/console/sensors', () => <SensorsPage />],
  ['/console/lessons', () => <LessonsPage />],
  ['/console/lessons/:name', ({ name = '' }) => <LessonPage key={name} name={name} />],
  ['/console/break-it', () => <BreakItPage />],
];
