import { setTimeout as sleep } from 'node:timers/promises';
import { createShopClient, runDemo, type SendRegistration, type ShopClient } from '@emporium/e2e';
import { whereToObserve } from './observability-pages.ts';
import type { RunningShop } from './options.ts';
import { findRefusal, sendToQueue } from './send-registration.ts';
import type { Terminal } from './terminal.ts';
import { type Place, placesOf, printPlaces } from './where-to-look.ts';

/** How long to wait for a shop that is starting, or for a part that restarts during the demonstration, in milliseconds. */
const patienceMs = 90_000;
const pollMs = 250;

/** Runs the demonstration against a running shop. Returns whether all checks passed; throws when there is no shop. */
export const demoRunningShop = async (shop: RunningShop, terminal: Terminal): Promise<boolean> => {
  const { url, admin } = shop;
  const { line, bold, dim, reporter, verdict } = terminal;
  line(bold('Emporium'));
  line(dim(`Shop: ${url}   Administrator: ${admin.email}`));
  await waitUntilReady(url);
  const startedAt = Date.now();
  const client = createShopClient(url, admin, { retryForMs: patienceMs });
  await assertLogIn(client, admin, url);
  const passed = await runDemo(client, reporter, ...(await waysOfThirdParties(shop, terminal)));
  verdict(passed, `The demonstration took ${Math.round((Date.now() - startedAt) / 1_000)} s.`);
  const observability = await whereToObserve(shop.observability);
  const address = url.replace(/\/+$/, '');
  const last: Place = ['last requests', `SHOP_URL=${address} npm run trace -- --last`];
  printPlaces([...placesOf(address, admin.email), last, ...observability], terminal);
  return passed;
};

/** Resolves when the gateway is ready; throws, with its last response, when it is not ready in time. */
const waitUntilReady = async (url: string): Promise<void> => {
  for (const deadline = Date.now() + patienceMs; ; await sleep(pollMs)) {
    const problem = await findProblem(url);
    if (problem === undefined) return;
    if (Date.now() > deadline) throw new Error(`there is no shop at ${url}: ${problem}`);
  }
};

const assertLogIn = async (
  client: ShopClient,
  { email, password }: RunningShop['admin'],
  url: string,
): Promise<void> => {
  const { status } = await client.http.request('POST', '/api/sessions', { body: { email, password } });
  if (status === 401) {
    throw new Error(
      `${url} does not accept the password of ${email}: set ADMIN_EMAIL and ADMIN_PASSWORD to those of its administrator`,
    );
  }
};

/** None where their broker is not known, or is not that of docker-compose.yml. Throws when one that was given cannot be used. */
const waysOfThirdParties = async (
  { thirdParties }: RunningShop,
  { line, dim }: Pick<Terminal, 'line' | 'dim'>,
): Promise<readonly SendRegistration[]> => {
  if (thirdParties === undefined) return [];
  const refusal = await findRefusal(thirdParties.url);
  if (refusal === undefined) return [sendToQueue(thirdParties.url)];
  const reason = `the RabbitMQ of third parties at ${new URL(thirdParties.url).host} cannot be used: ${refusal}`;
  if (thirdParties.isGiven) throw new Error(`BRIDGE_AMQP_URL: ${reason}`);
  line(dim(`Their messages go through the shop: ${reason}`));
  return [];
};

const findProblem = async (url: string): Promise<string | undefined> => {
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
