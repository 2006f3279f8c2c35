import { start } from '../start.ts';
import { webhooks } from './command.ts';

await start(webhooks);
