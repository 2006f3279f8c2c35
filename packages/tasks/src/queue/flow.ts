import type { EnqueueOptions } from '@emporium/bus';
import type { FlowJob } from 'bullmq';
import { within } from '../faults.ts';
import { type AnyTask, checkInput, type TaskInput } from '../task.ts';
import { enqueuedAs, jobIdOf, jobOptions } from './job-options.ts';
import { newId } from './new-id.ts';
import { answerMs, type Opener } from './opener.ts';
import { createPayload } from './payload.ts';

/** One task of a chain or a group. A `dedupeKey` makes no sense there. */
export interface FlowTask {
  readonly task: AnyTask;
  readonly data: unknown;
  readonly options: Omit<EnqueueOptions, 'dedupeKey'>;
}

/** Throws `tasks.invalid_data`, naming the field. */
export const flowTask = <T extends AnyTask>(
  task: T,
  data: TaskInput<T>,
  options: FlowTask['options'] = {},
): FlowTask => ({ task, data: checkInput(task, data), options });

/** A task, and the tasks that must complete before it. */
interface Node {
  readonly flowTask: FlowTask;
  readonly id: string;
  readonly before: readonly Node[];
}

/** Adds all tasks of a flow or none, and returns the id of the last one. */
export const addFlow = async (opener: Opener, last: Node): Promise<string> => {
  const flows = await opener.flows();
  const { job } = await within(answerMs, flows.add(flowJob(last)));
  return job.id ?? last.id;
};

/** Each task runs when the one before it has completed, and receives its result. */
export const chained = ([first, ...rest]: readonly [FlowTask, ...FlowTask[]]): Node =>
  rest.reduce((before, next) => node(next, [before]), node(first, []));

/** All tasks run concurrently; `then` runs when the last one has completed, and receives their results. */
export const grouped = (parts: readonly FlowTask[], then: FlowTask): Node =>
  node(
    then,
    parts.map((each) => node(each, [])),
  );

const node = (each: FlowTask, before: readonly Node[]): Node => ({
  flowTask: each,
  id: each.options.id ?? newId(),
  before,
});

const flowJob = ({ flowTask: { task, data, options }, id, before }: Node, isLast = true): FlowJob => {
  const after = before.map((each) => ({ task: each.flowTask.task.name, id: jobIdOf(each.id) }));
  return {
    name: task.name,
    queueName: task.name,
    data: { ...createPayload(task.name, jobIdOf(id), data), ...(after.length === 0 ? {} : { after }) },
    // What comes after a task that failed for good fails with it.
    opts: { ...jobOptions(enqueuedAs(task), id, options), ...(isLast ? {} : { failParentOnFailure: true }) },
    children: before.map((each) => flowJob(each, false)),
  };
};
