import { main } from '@emporium/service';
import { createApp } from './app.ts';
import { config } from './config.ts';

if (import.meta.main) await main('gateway', config, createApp);
