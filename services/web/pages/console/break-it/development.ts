import { signal } from '@preact/signals';
import { request } from '../../shared/api.ts';

/** Whether the shop has stand-ins for the outside world, whose faults a person can press. Undefined until that is known. */
export const isDevelopment = signal<boolean | undefined>(undefined);

/** A simulator that is away counts: it may have been killed on purpose. Without one the gateway has no such address. */
export const loadDevelopment = async (): Promise<void> => {
  const answer = await request('/simulator/faults');
  isDevelopment.value = answer.kind === 'ok' || (answer.kind === 'problem' && answer.problem.status !== 404);
};
