import { type HttpReply, problem } from '@emporium/service';
import { z } from 'zod';

/** The result of an operation: a success with a body, or a rejection with a code for programs. */
export const outcome = z.union([
  z.object({ status: z.int(), body: z.record(z.string(), z.unknown()) }),
  z.object({ status: z.int(), code: z.string(), detail: z.string() }),
]);
export type Outcome = z.output<typeof outcome>;

/** The body of a success, for the API description. */
export const successBody = z.record(z.string(), z.unknown());

export const succeeded = (status: number, body: Record<string, unknown>): Outcome => ({ status, body });

export const rejected = (status: number, code: string, detail: string): Outcome => ({ status, code, detail });

/** A rejection is sent as a problem document with a `code`. */
export const sendOutcome = (reply: HttpReply, result: Outcome) => {
  if ('body' in result) return reply.code(result.status).send(result.body);
  throw problem(result.status, result.code.replaceAll('_', '-'), result.detail, {
    members: { code: result.code },
  });
};
