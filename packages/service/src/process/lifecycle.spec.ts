import { expect, test } from 'vitest';
import { reasonOf } from '../reason.ts';
import { type LifecycleStage, stageGroup, startInOrder } from './lifecycle.ts';

const never = new AbortController().signal;

const recorded = () => {
  const events: string[] = [];
  const stage = (
    name: string,
    change: Partial<{ fails: boolean; failsToStop: boolean }> = {},
  ): LifecycleStage => ({
    name,
    start: async () => {
      events.push(`+${name}`);
      if (change.fails) throw new Error(`${name} is broken`);
      return async () => {
        events.push(`-${name}`);
        if (change.failsToStop) throw new Error(`${name} is stuck`);
      };
    },
  });
  return { events, stage };
};

test('stages start in order and stop in reverse', async () => {
  const { events, stage } = recorded();
  const started = await startInOrder([stage('store'), stage('bus'), stage('http')], never);
  await started.stop(never);
  expect(events).toEqual(['+store', '+bus', '+http', '-http', '-bus', '-store']);
});

test('when a stage does not start, those before it are stopped and the cause is reported', async () => {
  const { events, stage } = recorded();
  const failure = await startInOrder(
    [stage('store'), stage('bus', { fails: true }), stage('http')],
    never,
  ).catch((e: unknown) => e);
  expect(events).toEqual(['+store', '+bus', '-store']);
  expect(reasonOf(failure)).toBe('bus did not start: bus is broken');
});

test('a stage that fails to stop does not keep the others from stopping', async () => {
  const { events, stage } = recorded();
  const started = await startInOrder(
    [stage('store'), stage('bus', { failsToStop: true }), stage('http')],
    never,
  );
  await expect(started.stop(never)).rejects.toThrow('bus did not stop cleanly');
  expect(events.slice(3)).toEqual(['-http', '-bus', '-store']);
});

test('the stages of a group stop at the same time, and the failure of one is reported', async () => {
  const { events, stage } = recorded();
  const slow = (name: string): LifecycleStage => ({
    name,
    start: () => () => new Promise((resolve) => setTimeout(resolve, 200)),
  });
  const work = stageGroup('work', [
    slow('one'),
    stage('bus', { failsToStop: true }),
    slow('two'),
    stage('http'),
  ]);
  const started = await startInOrder([stage('store'), work], never);
  expect(events).toEqual(['+store', '+bus', '+http']);
  const before = performance.now();
  await expect(started.stop(never)).rejects.toThrow('bus did not stop cleanly');
  expect(performance.now() - before).toBeLessThan(390);
  expect(events.slice(3).toSorted()).toEqual(['-bus', '-http', '-store']);
  expect(events.at(-1)).toBe('-store');
});

test('reports the names of the stages that are still stopping, also within a group', async () => {
  const stuck = (name: string): LifecycleStage => ({ name, start: () => () => new Promise(() => undefined) });
  const { stage } = recorded();
  const started = await startInOrder(
    [stageGroup('work', [stuck('bus'), stage('http'), stuck('relay')])],
    never,
  );
  void started.stop(never);
  await expect.poll(started.stopping).toEqual(['bus', 'relay']);
});

test('a stage that is still starting when the process is to end is not waited for, and is stopped once it has started', async () => {
  const { events, stage } = recorded();
  const interrupt = new AbortController();
  const starting = Promise.withResolvers<void>();
  const slow: LifecycleStage = {
    name: 'broker',
    start: async () => {
      await starting.promise;
      return () => void events.push('-broker');
    },
  };
  const failure = startInOrder([stage('store'), slow], interrupt.signal);
  setTimeout(() => interrupt.abort(new Error('SIGTERM')), 10);
  await expect(failure).rejects.toThrow('SIGTERM');
  expect(events).toEqual(['+store', '-store']);
  starting.resolve();
  await expect.poll(() => events.at(-1)).toBe('-broker');
});

test('an interrupted start goes no further and stops what it started', async () => {
  const { events, stage } = recorded();
  const interrupt = new AbortController();
  const interrupting: LifecycleStage = {
    name: 'bus',
    start: () => void interrupt.abort(new Error('SIGTERM')) as undefined,
  };
  await expect(startInOrder([stage('store'), interrupting, stage('http')], interrupt.signal)).rejects.toThrow(
    'SIGTERM',
  );
  expect(events).toEqual(['+store', '-store']);
});

test('the reason for a refused connection is on one line, without the password', () => {
  const refused = new AggregateError([new Error('connect ECONNREFUSED ::1:5432')], '');
  const failure = new Error('cannot reach postgres://a:hunter2@localhost\nstill', { cause: refused });
  expect(reasonOf(failure)).toBe(
    'cannot reach postgres://[redacted]@localhost still: connect ECONNREFUSED ::1:5432',
  );
});
