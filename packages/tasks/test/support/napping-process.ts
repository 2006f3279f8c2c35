// A worker process that a test kills: naps, and says when it begins and when it is done.
import { setTimeout as sleep } from 'node:timers/promises';
import { createTasks } from '../../src/index.ts';
import { nap } from './kinds.ts';
import { collectingLog } from './log.ts';

const tasks = await createTasks({
  url: String(process.env['TASKS_URL']),
  name: 'napping',
  log: collectingLog(),
});
tasks.work(
  nap,
  async ({ ms }, { id }) => {
    process.send?.(`began ${id}`);
    await sleep(ms);
    process.send?.(`done ${id}`);
  },
  { lockMs: 500 },
);
process.on('disconnect', () => process.exit());
