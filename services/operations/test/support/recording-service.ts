import { type Contract, isControl, shop } from '@emporium/contracts';
import { createService, main, serviceConfig } from '@emporium/service';
import { handlersFor, statements } from '@emporium/store';

/** Stands for the service `email`, as a process of its own: it writes down what each of its subscriptions handles. */
interface Tables {
  handled: { subscription: string; message_id: string; key: string; text: string; process: number };
}

const migrations = {
  '001-handled': statements(
    `create table handled (
      id bigint generated always as identity primary key,
      subscription text not null,
      message_id text not null,
      key text not null,
      text text not null,
      process integer not null
    )`,
  ),
};

const { handle } = handlersFor<Tables>();

const record = (subscription: string) => (contract: Contract) =>
  handle(contract, async ({ id, key, data }, { tx }) => {
    const text = 'name' in data ? String(data['name']) : '';
    const row = { subscription, message_id: id, key, text, process: process.pid };
    await tx.insertInto('handled').values(row).execute();
    return undefined;
  });

/** Handlers of the newer version take the older ones. */
const newest = (contracts: readonly Contract[]) =>
  contracts.filter((contract) => !contracts.some(({ upcast }) => upcast?.from === contract));

const own = shop.subscriptions.filter((each) => each.service === 'email' && !isControl(each));

await main('email', serviceConfig, (config, log) =>
  createService<Tables>('email', config, log, () => ({
    description: 'A service under test',
    migrations,
    subscriptions: Object.fromEntries(own.map(({ name, to }) => [name, newest(to).map(record(name))])),
  })),
);
