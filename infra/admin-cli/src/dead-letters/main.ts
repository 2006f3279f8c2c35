// The program behind `npm run dead-letters`.
import { start } from '../start.ts';
import { discard } from './discard.ts';
import { groups } from './groups.ts';
import { jobs, stop } from './jobs.ts';
import { list } from './list.ts';
import { replay } from './replay.ts';
import { show } from './show.ts';

await start({ name: 'dead-letters', subcommands: { list, groups, show, replay, discard, jobs, stop } });
