import { expect, test } from 'vitest';
import { type Step, startInOrder, stoppedTogether } from './lifecycle.ts';
import { reasonOf } from './reason.ts';

const never = new AbortController().signal;

const recorded = () => {
  const events: string[] = [];
  const step = (name: string, change: Partial<{ fails: boolean; failsToStop: boolean }> = {}): Step => ({
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
  return { events, step };
};

test('steps start in order and stop in reverse', async () => {
  const { events, step } = recorded();
  const started = await startInOrder([step('store'), step('bus'), step('http')], never);
  await started.stop(never);
  expect(events).toEqual(['+store', '+bus', '+http', '-http', '-bus', '-store']);
});

test('when one does not start, those before it are stopped and the cause is told', async () => {
  const { events, step } = recorded();
  const failure = await startInOrder(
    [step('store'), step('bus', { fails: true }), step('http')],
    never,
  ).catch((e: unknown) => e);
  expect(events).toEqual(['+store', '+bus', '-store']);
  expect(reasonOf(failure)).toBe('bus did not start: bus is broken');
});

test('a step that does not stop keeps none of the others from stopping', async () => {
  const { events, step } = recorded();
  const started = await startInOrder(
    [step('store'), step('bus', { failsToStop: true }), step('http')],
    never,
  );
  await expect(started.stop(never)).rejects.toThrow('bus did not stop cleanly');
  expect(events.slice(3)).toEqual(['-http', '-bus', '-store']);
});

test('steps that stop together do not wait for each other, and a failure of one is told', async () => {
  const { events, step } = recorded();
  const slow = (name: string): Step => ({
    name,
    start: () => () => new Promise((resolve) => setTimeout(resolve, 200)),
  });
  const work = stoppedTogether('work', [
    slow('one'),
    step('bus', { failsToStop: true }),
    slow('two'),
    step('http'),
  ]);
  const started = await startInOrder([step('store'), work], never);
  expect(events).toEqual(['+store', '+bus', '+http']);
  const before = performance.now();
  await expect(started.stop(never)).rejects.toThrow('bus did not stop cleanly');
  expect(performance.now() - before).toBeLessThan(390);
  expect(events.slice(3).toSorted()).toEqual(['-bus', '-http', '-store']);
  expect(events.at(-1)).toBe('-store');
});

test('the steps that are being stopped are known by their names, also those of a step of several', async () => {
  const stuck = (name: string): Step => ({ name, start: () => () => new Promise(() => undefined) });
  const { step } = recorded();
  const started = await startInOrder(
    [stoppedTogether('work', [stuck('bus'), step('http'), stuck('relay')])],
    never,
  );
  void started.stop(never);
  await expect.poll(started.stopping).toEqual(['bus', 'relay']);
});

test('a step that still starts when the process is to end is not waited for, and stopped once it has started', async () => {
  const { events, step } = recorded();
  const interrupt = new AbortController();
  const starting = Promise.withResolvers<void>();
  const slow: Step = {
    name: 'broker',
    start: async () => {
      await starting.promise;
      return () => void events.push('-broker');
    },
  };
  const failure = startInOrder([step('store'), slow], interrupt.signal);
  setTimeout(() => interrupt.abort(new Error('SIGTERM')), 10);
  await expect(failure).rejects.toThrow('SIGTERM');
  expect(events).toEqual(['+store', '-store']);
  starting.resolve();
  await expect.poll(() => events.at(-1)).toBe('-broker');
});

test('an interrupted start goes no further and stops what it started', async () => {
  const { events, step } = recorded();
  const interrupt = new AbortController();
  const interrupting: Step = {
    name: 'bus',
    start: () => void interrupt.abort(new Error('SIGTERM')) as undefined,
  };
  await expect(startInOrder([step('store'), interrupting, step('http')], interrupt.signal)).rejects.toThrow(
    'SIGTERM',
  );
  expect(events).toEqual(['+store', '-store']);
});

test('the reason of a refused connection is on one line, without the password', () => {
  const refused = new AggregateError([new Error('connect ECONNREFUSED ::1:5432')], '');
  const failure = new Error('cannot reach postgres://a:hunter2@localhost\nstill', { cause: refused });
  expect(reasonOf(failure)).toBe(
    'cannot reach postgres://[redacted]@localhost still: connect ECONNREFUSED ::1:5432',
  );
});
