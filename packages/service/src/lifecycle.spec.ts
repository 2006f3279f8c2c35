import { expect, test } from 'vitest';
import { type Step, startInOrder } from './lifecycle.ts';
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
