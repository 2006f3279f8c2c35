import { main } from '@emporium/service';
import { createApp } from './app.ts';
import { config } from './config.ts';

await main('web', config, createApp);
