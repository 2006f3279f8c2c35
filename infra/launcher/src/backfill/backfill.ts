import { setTimeout as sleep } from 'node:timers/promises';
import { describe, type ShopClient } from '@emporium/admin-cli';
import type { Registry } from '@emporium/contracts';

/** As `/api/admin/backfills/<service>` answers. */
interface Progress {
  readonly state: 'running' | 'finished';
  readonly total: number;
  readonly done: number;
  readonly messages: number;
  readonly waiting: number;
}

/** Between two requests for the progress, in milliseconds. */
const pollMs = 250;
/** Between two lines of progress, in milliseconds. */
const reportMs = 2_000;
/** Without progress for this long, in milliseconds, something is wrong. */
const stallMs = 60_000;

/** The services that publish the events of a subscription. Throws, naming the subscriptions, when there is no such subscription. */
export const ownersOf = ({ subscription, subscriptions }: Registry, name: string): readonly string[] => {
  const found = subscription(name);
  if (found === undefined) {
    const names = subscriptions.map((each) => each.name).join(', ');
    throw new Error(`there is no subscription '${name}'; there are: ${names}`);
  }
  const owners = new Set(found.to.filter(({ kind }) => kind === 'event').map(({ owner }) => owner));
  if (owners.size === 0) throw new Error(`${name} listens to no event: commands are not published again`);
  return [...owners];
};

/** Has a service publish its history to one subscription. Resolves when the broker has all of it. */
export const backfill = async (
  client: ShopClient,
  owner: string,
  subscription: string,
  log: (line: string) => void,
): Promise<void> => {
  const path = `/api/admin/backfills/${owner}`;
  const requested = await client.request('POST', path, { subscription });
  if (requested.status === 404) throw new Error(`${owner} cannot publish its history: there is no ${path}`);
  if (requested.status !== 202) throw new Error(`${owner} refuses: ${describe(requested)}`);
  let [reportAt, movedAt, last] = [0, Date.now(), ''];
  for (;;) {
    const response = await client.request('GET', `${path}/${subscription}`);
    if (response.status !== 200) throw new Error(`${owner}: ${describe(response)}`);
    const progress = response.body as Progress; // the owner's response schema
    const line = `${owner}: ${progress.done} of ${progress.total} read, ${progress.messages} messages, ${progress.waiting} of them on their way`;
    if (line !== last) movedAt = Date.now();
    last = line;
    if (progress.state === 'finished') return log(`${line}; finished`);
    if (Date.now() - movedAt > stallMs) {
      throw new Error(
        `${line}; no progress for a minute: is ${subscription} declared on the broker (npm run topology -- apply), and the broker available? It goes on by itself`,
      );
    }
    if (Date.now() >= reportAt) {
      log(line);
      reportAt = Date.now() + reportMs;
    }
    await sleep(pollMs);
  }
};
