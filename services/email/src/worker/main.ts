import { main } from '@emporium/service';
import { workerConfig } from '../config.ts';
import { createWorker } from './app.ts';

await main('email-worker', workerConfig, createWorker);
