// Writes a note with its task, and hands the task in; a failpoint ends it on the way.
import { createTasks, enqueue } from '../../src/index.ts';
import { copy, openNotes } from './jotting.ts';
import { collectingLog } from './log.ts';

const store = await openNotes(String(process.env['DATABASE_URL']));
const tasks = await createTasks({
  url: String(process.env['TASKS_URL']),
  name: 'jotting',
  log: collectingLog(),
});
store.startTaskRelay(tasks);
const id = String(process.env['TASK_ID']);
await store.transaction(async ({ tx, effects }) => {
  await tx.insertInto('note').values({ text: id }).execute();
  effects.push(enqueue(copy, { text: id }, { id }));
});
setInterval(() => undefined, 1_000); // until the failpoint
