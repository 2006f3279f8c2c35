import { z } from 'zod';

export const processActions = ['kill', 'crash', 'freeze', 'continue', 'start', 'scale', 'stop'] as const;
export type ProcessAction = (typeof processActions)[number];

export const processView = z.object({
  name: z.string(),
  service: z.string(),
  state: z.enum(['running', 'starting', 'frozen', 'restarting', 'down']),
  pid: z.int().optional(),
  added: z.boolean().describe('Whether it was added by `scale`'),
  untouchable: z.string().optional().describe('Why nothing may be done to it'),
  problem: z.string().optional().describe('Why its last start failed'),
});
export type ProcessView = z.output<typeof processView>;

const list = z.object({ processes: z.array(processView) });
const refusal = z.object({ reason: z.string() });

export type LauncherAnswer =
  | { readonly kind: 'done'; readonly processes: ProcessView[] }
  | { readonly kind: 'unknown' | 'refused' | 'away'; readonly reason: string };

/** The process manager of development: it starts the shop's processes, and kills, freezes and adds them on request. */
export interface Launcher {
  list(): Promise<LauncherAnswer>;
  act(process: string, action: ProcessAction): Promise<LauncherAnswer>;
}

/** A process that is stopped drains for some seconds. */
const timeoutMs = 15_000;

export const createLauncher = (url: string, token: string): Launcher => {
  const ask = async (method: 'GET' | 'POST', path: string): Promise<LauncherAnswer> => {
    try {
      const response = await fetch(new URL(path, url), {
        method,
        headers: { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(timeoutMs),
      });
      const body: unknown = await response.json();
      if (response.ok) return { kind: 'done', processes: list.parse(body).processes };
      const { reason } = refusal.parse(body);
      const kind = response.status === 404 ? 'unknown' : response.status === 409 ? 'refused' : 'away';
      return { kind, reason };
    } catch (error) {
      return { kind: 'away', reason: error instanceof Error ? error.message : String(error) };
    }
  };
  return {
    list: () => ask('GET', '/processes'),
    act: (process, action) => ask('POST', `/processes/${process}/${action}`),
  };
};
