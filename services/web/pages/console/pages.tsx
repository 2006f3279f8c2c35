import type { JSX } from 'preact';
import { BreakItPage } from './break-it/break-it-page.tsx';
import { ProjectionsPage } from './projections/projections-page.tsx';
import { SagaPage } from './sagas/saga-page.tsx';
import { SagasPage } from './sagas/sagas-page.tsx';
import { SensorsPage } from './sensors/sensors-page.tsx';
import { SubscriptionPage } from './subscriptions/subscription-page.tsx';
import { SubscriptionsPage } from './subscriptions/subscriptions-page.tsx';
import { TasksPage } from './tasks/tasks-page.tsx';

type Page = (parameters: Readonly<Record<string, string>>) => JSX.Element;

/** Which page answers which address. */
export const pages: readonly (readonly [pattern: string, page: Page])[] = [
  ['/console', () => <SagasPage />],
  ['/console/sagas', () => <SagasPage />],
  ['/console/sagas/:id', ({ id = '' }) => <SagaPage key={id} id={id} />],
  ['/console/subscriptions', () => <SubscriptionsPage />],
  ['/console/subscriptions/:name', ({ name = '' }) => <SubscriptionPage key={name} name={name} />],
  ['/console/projections', () => <ProjectionsPage />],
  ['/console/tasks', () => <TasksPage />],
  ['/console/sensors', () => <SensorsPage />],
  ['/console/break-it', () => <BreakItPage />],
];
