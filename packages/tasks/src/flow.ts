import type { EnqueueOptions } from '@emporium/bus';
import type { FlowJob } from 'bullmq';
import { within } from './faults.ts';
import { enqueuedAs, jobIdOf, jobOptions } from './job-options.ts';
import { newId } from './new-id.ts';
import { answerMs, type Opener } from './opener.ts';
import { createPayload } from './payload.ts';
import { type AnyTask, checkInput, type TaskInput } from './task.ts';

/** One task of a chain or a group. A `dedupeKey` makes no sense there. */
export interface TaskStep {
  readonly task: AnyTask;
  readonly data: unknown;
  readonly options: Omit<EnqueueOptions, 'dedupeKey'>;
}

/** Throws `tasks.invalid_data`, naming the field. */
export const step = <T extends AnyTask>(
  task: T,
  data: TaskInput<T>,
  options: TaskStep['options'] = {},
): TaskStep => ({ task, data: checkInput(task, data), options });

/** What comes before, and what is run when all of that is done. */
interface Node {
  readonly step: TaskStep;
  readonly id: string;
  readonly before: readonly Node[];
}

/** Adds all tasks of a flow or none, and gives the id of the last one. */
export const addFlow = async (opener: Opener, last: Node): Promise<string> => {
  const flows = await opener.flows();
  const { job } = await within(answerMs, flows.add(flowJob(last)));
  return job.id ?? last.id;
};

/** Each runs when the one before it is done, and is given its result. */
export const chained = ([first, ...rest]: readonly [TaskStep, ...TaskStep[]]): Node =>
  rest.reduce((before, next) => node(next, [before]), node(first, []));

/** All of them run at one time; `then` when the last is done, with their results. */
export const grouped = (steps: readonly TaskStep[], then: TaskStep): Node =>
  node(
    then,
    steps.map((each) => node(each, [])),
  );

const node = (each: TaskStep, before: readonly Node[]): Node => ({
  step: each,
  id: each.options.id ?? newId(),
  before,
});

const flowJob = ({ step: { task, data, options }, id, before }: Node, isLast = true): FlowJob => {
  const after = before.map((each) => ({ task: each.step.task.name, id: jobIdOf(each.id) }));
  return {
    name: task.name,
    queueName: task.name,
    data: { ...createPayload(task.name, data), ...(after.length === 0 ? {} : { after }) },
    // What comes after a task that failed for good fails with it.
    opts: { ...jobOptions(enqueuedAs(task), id, options), ...(isLast ? {} : { failParentOnFailure: true }) },
    children: before.map((each) => flowJob(each, false)),
  };
};
