import { start } from '../start.ts';
import { sagas } from './command.ts';

await start(sagas);
