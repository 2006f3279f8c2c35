import { type Effect, schedule, send } from '@emporium/bus';
import { v5 as uuid, validate } from 'uuid';
import { translateJson } from '../translation.ts';
import { isWelcomeMailTask, welcomeMailTask } from '../translations/welcome-mail-task.ts';
import { readTask } from './task-message.ts';
import { expired, invalid, notRegistered, type TaskResult } from './task-result.ts';

/** A task that is carried out; its result follows later. */
export interface AcceptedTask {
  readonly kind: 'accepted';
  readonly taskId: string;
  readonly requestId: string;
  readonly ignoreResult: boolean;
  readonly dueAt: Date;
  readonly effects: readonly Effect[];
  /** The W3C trace context that its sender gave it, where there is one. */
  readonly traceparent?: string | undefined;
}

/** A task that ends at once. */
export interface EndedTask {
  readonly kind: 'ended';
  /** For its sender, who can be told unless the task has no id or its result is to be ignored. */
  readonly result?: { readonly taskId: string; readonly result: TaskResult };
  /** Why it is kept among the dead letters; undefined when nobody has to look at it. */
  readonly reason?: string;
}

/** What becomes of one entry of the list. Pure. */
export const decideTask = (raw: Uint8Array, now: Date): AcceptedTask | EndedTask => {
  const read = readTask(raw);
  if (read.kind === 'refused') return refuse(read.addressee, read.reason, invalid(read.reason));
  const { task } = read;
  const { id, name, eta, expires, ignoreResult, traceparent } = task;
  if (!isWelcomeMailTask(name))
    return refuse(task, `there is no task ${name} here, only send_welcome_email`, notRegistered(name));
  const dueAt = eta !== undefined && eta > now ? eta : now;
  if (expires !== undefined && expires < dueAt)
    return { kind: 'ended', ...(ignoreResult ? {} : { result: { taskId: id, result: expired } }) };
  const requestId = validate(id) ? id.toLowerCase() : uuid(`celery/${encodeURIComponent(id)}`, uuid.URL);
  const translated = translateJson(welcomeMailTask, task.body, requestId);
  if (translated.kind === 'refused') return refuse(task, translated.reason, invalid(translated.reason));
  const { contract, data } = translated;
  const effect = dueAt > now ? schedule(contract, data, dueAt) : send(contract, data);
  const trace = traceparent === undefined ? {} : { traceparent };
  return { kind: 'accepted', taskId: id, requestId, ignoreResult, dueAt, effects: [effect], ...trace };
};

const refuse = (
  addressee: { readonly id: string; readonly ignoreResult: boolean } | undefined,
  reason: string,
  result: TaskResult,
): EndedTask => ({
  kind: 'ended',
  reason,
  ...(addressee === undefined || addressee.ignoreResult ? {} : { result: { taskId: addressee.id, result } }),
});
