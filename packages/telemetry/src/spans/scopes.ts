import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context as ApiContext,
  type ContextManager,
  ROOT_CONTEXT,
  type Span,
  trace,
} from '@opentelemetry/api';
import { parseTraceparent } from '../trace-context.ts';
import { propagatedSpan, traceparentOf } from './tracing.ts';

/** What a request or a message passes on, kept for the work that is done for it. */
export interface Scopes<Passed> {
  run<T>(passed: Passed, work: () => T): T;
  /** That of the innermost `run`. Within a span of OpenTelemetry's API, its traceparent is that of the span. */
  current(): Passed | undefined;
}

interface Scope<Passed> {
  readonly passed: Passed | undefined;
  /** Made when it is needed first. */
  api: ApiContext | undefined;
}

interface Bridge {
  active(): ApiContext;
  run<T>(api: ApiContext, work: () => T): T;
}

const noBridge: Bridge = { active: () => ROOT_CONTEXT, run: (_api, work) => work() };
let bridge = noBridge;

/** The spans of what is passed on, to be found by `activeSpan`. */
const spans = new WeakMap<object, Span>();

/** Makes a span the active one of the scopes of `passed`. */
export const bindSpan = (passed: object, span: Span): void => {
  if (span.isRecording()) spans.set(passed, span);
};

/**
 * Called once in a process. OpenTelemetry's API uses the same scopes as we do: spans that engineers start with it are children of
 * ours, and ours of theirs.
 */
export const createScopes = <Passed extends { readonly traceparent: string }>(): Scopes<Passed> => {
  const storage = new AsyncLocalStorage<Scope<Passed>>();

  const within = (passed: Passed | undefined, api: ApiContext): Passed | undefined => {
    const span = trace.getSpan(api);
    if (passed === undefined || span === undefined) return passed;
    const traceparent = traceparentOf(span);
    return traceparent === passed.traceparent ? passed : { ...passed, traceparent };
  };

  bridge = {
    active: () => {
      const scope = storage.getStore();
      if (scope === undefined) return ROOT_CONTEXT;
      scope.api ??= apiContextOf(scope.passed);
      return scope.api;
    },
    run: (api, work) => storage.run({ passed: within(storage.getStore()?.passed, api), api }, work),
  };

  return {
    run: (passed, work) => storage.run({ passed, api: undefined }, work),
    current: () => storage.getStore()?.passed,
  };
};

const apiContextOf = (passed: { readonly traceparent: string } | undefined): ApiContext => {
  if (passed === undefined) return ROOT_CONTEXT;
  const parent = parseTraceparent(passed.traceparent);
  const span = spans.get(passed) ?? (parent === undefined ? undefined : propagatedSpan(parent));
  return span === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, span);
};

/** The span of what is being done, where it is recorded. */
export const activeSpan = (): Span | undefined => {
  const span = trace.getSpan(bridge.active());
  return span?.isRecording() === true ? span : undefined;
};

/** The traceparent of what is being done, for what follows from it. */
export const activeTraceparent = (): string | undefined => {
  const span = trace.getSpan(bridge.active());
  return span === undefined ? undefined : traceparentOf(span);
};

/** What OpenTelemetry's API asks for the active span. */
export const contextManager: ContextManager = {
  active: () => bridge.active(),
  with: (api, work, self, ...given) => bridge.run(api, () => work.call(self, ...given)),
  bind: (api, target) => {
    if (typeof target !== 'function') return target;
    return ((...given: unknown[]) => bridge.run(api, () => target(...given))) as typeof target;
  },
  enable: () => contextManager,
  disable: () => contextManager,
};
