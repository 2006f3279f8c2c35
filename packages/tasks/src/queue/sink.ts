import type { OutgoingTask, TaskSink } from '@emporium/bus';
import { jobOptions } from './job-options.ts';
import type { Opener } from './opener.ts';
import { payloadOf } from './payload.ts';

/** Takes what the store's relay hands in: one request for all tasks of a kind. */
export const createSink = (opener: Opener): TaskSink => ({
  add: async (tasks) => {
    const now = Date.now();
    const kinds = Map.groupBy(tasks, ({ task }) => task);
    await Promise.all(
      [...kinds].map(async ([name, all]) => {
        await opener.add(
          name,
          all.map((each) => jobOf(each, now)),
        );
      }),
    );
  },
});

const jobOf = ({ id, task: name, attempts, data, context, options }: OutgoingTask, now: number) => ({
  name,
  data: payloadOf(name, data, context),
  opts: jobOptions({ name, attempts }, id, options, now),
});
