// npm run trace -- <correlation id> | --trace <trace id> | --last [n]
import { start } from '../start.ts';
import { trace } from './command.ts';

await start(trace);
