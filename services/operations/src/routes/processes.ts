import { currentUser, problem, type Routes } from '@emporium/service';
import type { Store } from '@emporium/store';
import { z } from 'zod';
import {
  type Launcher,
  type LauncherAnswer,
  type ProcessView,
  processActions,
  processView,
} from '../launcher/launcher.ts';
import { recordIntent, recordOutcome } from '../store/audit.ts';
import type { Tables } from '../store/tables.ts';

const path = '/api/admin/processes';
const access = 'administrator';
const name = z.string().regex(/^[a-z0-9-]{1,100}$/, 'must be the name of a process');
const answer = z.object({ processes: z.array(processView) });

const summaries: Readonly<Record<(typeof processActions)[number], string>> = {
  kill: 'Kill a process; it stays down until it is started',
  crash: 'Kill a process; the launcher restarts it, as after a crash',
  freeze: 'Freeze a process (SIGSTOP): it holds its connections and does nothing',
  continue: 'Continue a frozen process',
  start: 'Start a process that is down',
  scale: 'Add a process of the same service, which shares its subscriptions',
  stop: 'Drain and end a process that was added',
};

/** In development, where the launcher runs the shop. */
export const processRoutes =
  (store: Store<Tables>, launcher: Launcher): Routes =>
  (server) => {
    server.get(
      path,
      {
        config: { access },
        schema: { summary: 'List the processes of the shop (development)', response: { 200: answer } },
      },
      async () => ({ processes: processesOf(await launcher.list()) }),
    );

    for (const action of processActions) {
      server.post(
        `${path}/:name/${action}`,
        {
          config: { access, problems: { 409: 'It is in another state, or the console needs it' } },
          schema: {
            summary: `${summaries[action]} (development)`,
            params: z.object({ name }),
            response: { 200: answer },
          },
        },
        async (request) => {
          const { name: target } = request.params;
          const { userId } = currentUser(request);
          const id = await store.transaction(({ tx, now }) =>
            recordIntent(tx, { userId, action: `process.${action}`, target }, now),
          );
          const outcome = await launcher.act(target, action);
          await store.transaction(({ tx }) =>
            outcome.kind === 'done'
              ? recordOutcome(tx, id, 'done')
              : recordOutcome(tx, id, 'refused', { reason: outcome.reason }),
          );
          return { processes: processesOf(outcome) };
        },
      );
    }
  };

const processesOf = (outcome: LauncherAnswer): ProcessView[] => {
  switch (outcome.kind) {
    case 'done':
      return outcome.processes;
    case 'unknown':
      throw problem(404, 'not-found', outcome.reason);
    case 'refused':
      throw problem(409, 'process-refused', outcome.reason);
    case 'away':
      throw problem(503, 'launcher-away', `The launcher does not answer: ${outcome.reason}`, {
        headers: { 'retry-after': '2' },
      });
  }
};
