import type { DeadLetter } from '@emporium/bus';
import { createDeadLetter, type Operations } from './operations.ts';

/** The requests of an administrator. */
export const createAdmin = ({ request, receive }: Operations) => {
  const list = async (query = '') => (await request('GET', `/api/admin/dead-letters?${query}`)).body;
  return {
    list,
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
