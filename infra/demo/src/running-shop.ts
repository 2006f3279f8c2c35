import { setTimeout as sleep } from 'node:timers/promises';
import { createShopClient, runDemo, type ShopClient } from '@emporium/e2e';
import type { RunningShop } from './options.ts';
import type { Terminal } from './terminal.ts';

/** How long a shop is waited for that starts, or restarts in part while its story is told. */
const patienceMs = 90_000;
const againMs = 250;

/** Tells the story of a shop that runs somewhere. Gives whether every check held; throws when there is no shop. */
export const tellOfRunning = async ({ url, admin }: RunningShop, terminal: Terminal): Promise<boolean> => {
  const { line, bold, dim, teller, verdict } = terminal;
  line(bold('Emporium'));
  line(dim(`at ${url}, with ${admin.email} as its administrator`));
  await open(url);
  const begun = Date.now();
  const client = createShopClient(url, admin, { retryForMs: patienceMs });
  await assertKnows(client, admin, url);
  const holds = await runDemo(client, teller);
  verdict(holds, `told in ${Math.round((Date.now() - begun) / 1_000)} s`);
  return holds;
};

/** Resolves once the front door is open; throws, with what was found there instead, when it is not in time. */
const open = async (url: string): Promise<void> => {
  for (const deadline = Date.now() + patienceMs; ; await sleep(againMs)) {
    const found = await look(url);
    if (found === undefined) return;
    if (Date.now() > deadline) throw new Error(`there is no shop at ${url}: ${found}`);
  }
};

const assertKnows = async (
  client: ShopClient,
  { email, password }: RunningShop['admin'],
  url: string,
): Promise<void> => {
  const { status } = await client.http.request('POST', '/api/sessions', { body: { email, password } });
  if (status === 401) {
    throw new Error(
      `${url} does not know ${email} by this password: set ADMIN_EMAIL and ADMIN_PASSWORD to those of its administrator`,
    );
  }
};

const look = async (url: string): Promise<string | undefined> => {
  try {
    const response = await fetch(new URL('/health/ready', url), { signal: AbortSignal.timeout(5_000) });
    return response.ok
      ? undefined
      : `it answered ${response.status}: ${(await response.text()).slice(0, 300)}`;
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    return cause instanceof Error ? cause.message : String(cause);
  }
};
