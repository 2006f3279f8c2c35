import { getPriority, setPriority } from 'node:os';
import { main } from '@emporium/service';
import { workerConfig } from '../config.ts';
import { createWorker } from './app.ts';

// Where the processor is short a mail may wait, and what a customer waits for may not (ADR 0046). A process that was started
// with a lower priority keeps it: only root may raise one.
setPriority(Math.max(5, getPriority()));
await main('email-worker', workerConfig, createWorker);
