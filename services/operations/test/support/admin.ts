import type { DeadLetter } from '@emporium/bus';
import { createDeadLetter, type Operations } from './operations.ts';

/** The requests of an administrator. */
export const createAdmin = ({ request, receive }: Operations) => {
  const list = async (query = '') => (await request('GET', `/api/admin/dead-letters?${query}`)).body;
  const jobs = '/api/admin/dead-letters/jobs';
  const job = async (id: string) => (await request('GET', `${jobs}/${id}`)).body;
  return {
    list,
    groups: async (query = '') => (await request('GET', `/api/admin/dead-letters/groups?${query}`)).body,
    startJob: (body: unknown) => request('POST', jobs, body),
    job,
    /** Waits until the job is no longer running or stopping. */
    endedJob: async (id: string) => {
      for (let tries = 0; tries < 600; tries += 1) {
        const found = await job(id);
        if (found.endedAt !== undefined) return found;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`the job did not end: ${JSON.stringify(await job(id))}`);
    },
    stopJob: (id: string) => request('POST', `${jobs}/${id}/stop`),
    setRate: (id: string, ratePerSecond: unknown) => request('PUT', `${jobs}/${id}`, { ratePerSecond }),
    /** Receives a dead letter and returns it as it is listed. */
    received: async (changes: Partial<DeadLetter> = {}) => {
      const deadLetter = createDeadLetter(changes);
      await receive(deadLetter);
      const { deadLetters } = await list('limit=500');
      return deadLetters.find(
        (each: { messageId: string; subscription: string }) =>
          each.messageId === deadLetter.id && each.subscription === deadLetter.subscription,
      );
    },
    details: async (id: string) => (await request('GET', `/api/admin/dead-letters/${id}`)).body,
    replay: (id: string, body?: unknown) => request('POST', `/api/admin/dead-letters/${id}/replay`, body),
    replayMany: (body: unknown) => request('POST', '/api/admin/dead-letters/replay', body),
    discard: (id: string, reason = 'a duplicate of another shop') =>
      request('POST', `/api/admin/dead-letters/${id}/discard`, { reason }),
    auditOf: async (target: string) =>
      (await request('GET', `/api/admin/audit?target=${target}`)).body.entries,
  };
};
