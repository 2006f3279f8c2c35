import { afterAll, beforeAll, describe } from 'vitest';
import { browserForSuite } from './support/browser.ts';
import { badInputCases } from './support/console/bad-input.ts';
import { breakItPageCases } from './support/console/break-it.ts';
import { type ConsoleUnderTest, startConsoleUnderTest } from './support/console/console-under-test.ts';
import { deadLettersPageCases } from './support/console/dead-letters.ts';
import { flowPageCases } from './support/console/flow.ts';
import { layoutCases } from './support/console/layout.ts';
import { lessonsOneToFourCases } from './support/console/lessons-1-4.ts';
import { lessonsFiveToEightCases } from './support/console/lessons-5-8.ts';
import { ordersPageCases } from './support/console/orders.ts';
import { projectionsPageCases } from './support/console/projections.ts';
import { searchPageCases } from './support/console/search.ts';
import { sensorsPageCases } from './support/console/sensors.ts';
import { subscriptionsPageCases } from './support/console/subscriptions.ts';
import { tasksPageCases } from './support/console/tasks.ts';
import { tracesPageCases } from './support/console/traces.ts';

const chromium = browserForSuite();

describe.skipIf(!chromium.available)(chromium.title('the console in a browser'), () => {
  let running: ConsoleUnderTest | undefined;
  const under = (): ConsoleUnderTest => {
    if (running === undefined) throw new Error('the shop did not start');
    return running;
  };

  beforeAll(async () => {
    running = await startConsoleUnderTest(chromium);
  }, 180_000);
  afterAll(() => running?.stop(), 60_000);

  deadLettersPageCases(under);
  flowPageCases(under);
  layoutCases(under);
  searchPageCases(under);
  ordersPageCases(under);
  tracesPageCases(under);
  subscriptionsPageCases(under);
  projectionsPageCases(under);
  tasksPageCases(under);
  sensorsPageCases(under);
  breakItPageCases(under);
  lessonsOneToFourCases(under);
  lessonsFiveToEightCases(under);
  badInputCases(under);
});
