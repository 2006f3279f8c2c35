import { setPriority } from 'node:os';
import { main } from '@emporium/service';
import { workerConfig } from '../config.ts';
import { createWorker } from './app.ts';

// Where the processor is short a mail may wait, and what a customer waits for may not (ADR 0046).
setPriority(5);
await main('email-worker', workerConfig, createWorker);
