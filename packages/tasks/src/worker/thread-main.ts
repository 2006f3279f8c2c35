// In a thread of `createThreads`: one task at a time, with the `run` of the module it was started for.
import { parentPort, workerData } from 'node:worker_threads';
import { Fault, messageOf, newContext, withContext } from '@emporium/bus';
import type { AnyTask } from '../task.ts';
import type { ThreadHandler, ThreadReply, ThreadRequest } from './threads.ts';

const { run }: { readonly run: ThreadHandler<AnyTask> } = await import(String(workerData));
if (typeof run !== 'function') throw new Error(`${workerData} exports no function 'run'`);

const reply = (message: ThreadReply): void => parentPort?.postMessage(message);

parentPort?.on('message', async ({ data, id, attempt, context = newContext() }: ThreadRequest) => {
  try {
    const progress = (value: number | object) => reply({ kind: 'progress', value });
    const typed = data as Parameters<typeof run>[0]; // validated by the worker
    const result = await withContext(context, async () => run(typed, { id, attempt, progress }));
    reply({ kind: 'done', result });
  } catch (error) {
    const message = messageOf(error);
    reply(
      error instanceof Fault
        ? { kind: 'failed', message, code: error.code, settle: error.settle }
        : { kind: 'failed', message },
    );
  }
});
