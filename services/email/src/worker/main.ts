import { getPriority, setPriority } from 'node:os';
import { main } from '@emporium/service';
import { workerConfig } from '../config.ts';
import { createWorker } from './app.ts';

if (import.meta.main) {
  // Requests that customers wait for go before mails when the CPU is busy (ADR 0046). A priority that is already lower stays:
  // only root can raise it.
  setPriority(Math.max(5, getPriority()));
  await main('email-worker', workerConfig, createWorker);
}
