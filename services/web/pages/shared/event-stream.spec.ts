import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openStream } from './event-stream.ts';

class FakeEventSource extends EventTarget {
  static readonly CLOSED = 2;
  static opened: FakeEventSource[] = [];
  readyState = 0;

  constructor() {
    super();
    FakeEventSource.opened.push(this);
  }

  close(): void {
    this.readyState = FakeEventSource.CLOSED;
  }

  open(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event('open'));
  }

  /** A loss, after which a browser connects again by itself, or an error status, after which it does not. */
  lose(readyState: 0 | 2 = 0): void {
    this.readyState = readyState;
    this.dispatchEvent(new Event('error'));
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('EventSource', FakeEventSource);
  FakeEventSource.opened = [];
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const listen = () => {
  const states: string[] = [];
  const events: unknown[] = [];
  const close = openStream('/events', ['placed'], {
    next: ({ data }) => events.push(data),
    state: (state) => states.push(state),
  });
  return { states, events, close };
};
const source = (): FakeEventSource => {
  const newest = FakeEventSource.opened.at(-1);
  if (newest === undefined) throw new Error('nothing was opened');
  return newest;
};

test('a stream that is cut every ten seconds stays live for people', () => {
  const { states } = listen();
  source().open();
  for (let cut = 0; cut < 6; cut += 1) {
    vi.advanceTimersByTime(10_000);
    source().lose();
    vi.advanceTimersByTime(3_000);
    source().open();
  }
  expect(states).not.toContain('waiting');
  expect(FakeEventSource.opened).toHaveLength(1);
});

test('a stream that does not come back is said to wait, until it is back', () => {
  const { states } = listen();
  source().open();
  for (let attempt = 0; attempt < 3; attempt += 1) {
    source().lose();
    vi.advanceTimersByTime(3_000);
  }
  expect(states).toEqual(['live', 'waiting']);
  source().open();
  expect(states).toEqual(['live', 'waiting', 'live']);
});

test('after an error status it is opened anew, with growing waits, and not after it is closed', () => {
  const { close } = listen();
  source().lose(2);
  vi.advanceTimersByTime(500);
  expect(FakeEventSource.opened).toHaveLength(2);
  source().lose(2);
  vi.advanceTimersByTime(500);
  expect(FakeEventSource.opened).toHaveLength(2);
  vi.advanceTimersByTime(500);
  expect(FakeEventSource.opened).toHaveLength(3);
  source().lose(2);
  close();
  vi.advanceTimersByTime(60_000);
  expect(FakeEventSource.opened).toHaveLength(3);
});

test('what is no JSON is left out', () => {
  const { events } = listen();
  source().dispatchEvent(new MessageEvent('placed', { data: '<p>' }));
  source().dispatchEvent(new MessageEvent('placed', { data: '{"version":1}' }));
  expect(events).toEqual([{ version: 1 }]);
});
