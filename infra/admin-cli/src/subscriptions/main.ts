// npm run subscriptions -- list | show | pause | resume
import { start } from '../start.ts';
import { subscriptions } from './subscriptions.ts';

await start(subscriptions);
