import { type Binding, createQueueTopology, type QueueAdmin, type Topology } from '@emporium/bus/transport';
import type { Registry, Subscription } from '@emporium/contracts';
import type { Connection } from './connection.ts';
import { deadLetters } from './schema.ts';

interface Declared {
  readonly id: number;
  readonly ordered: boolean;
  /** Whether it listens to any type. */
  readonly bound: boolean;
}

/**
 * Returns the subscription as the broker has it, and creates it with its bindings where it is missing. Bindings are added again only
 * if there are none: another registry may have added and removed some since.
 */
export const declare = async (
  { publishing, settling }: Connection,
  { name, ordered, to }: Subscription,
): Promise<Declared> => {
  for (;;) {
    const [known] = await settling.query<Declared & Record<string, unknown>>(find, [name]);
    const types = to.map(({ type }) => type);
    if (known !== undefined) {
      if (!known.bound) await publishing.query(bind, [types.map(() => name), types]);
      return known;
    }
    await publishing.query(create, [name, ordered, types]);
  }
};

export const createTopology = (connection: Connection, registry: Registry): Topology =>
  createQueueTopology(registry, createQueueAdmin(connection), connection.retryWhileAway);

const createQueueAdmin = ({ publishing }: Connection): QueueAdmin => ({
  list: async () => {
    const rows = await publishing.query<QueueRow>(list, []);
    return rows.map(({ name, ordered, types, messages }) => ({
      name,
      ordered,
      types,
      inUse: messages ? 'it holds messages: prune leaves it until they are handled' : undefined,
    }));
  },
  create: async ({ name, ordered }) => void (await publishing.query(create, [name, ordered, []])),
  bind: async (bindings) => void (await publishing.query(bind, columnsOf(bindings))),
  unbind: async (bindings) => void (await publishing.query(unbind, columnsOf(bindings))),
  remove: (names) => publishing.query<{ name: string }>(drop, [names]),
});

interface QueueRow extends Record<string, unknown> {
  readonly name: string;
  readonly ordered: boolean;
  readonly types: readonly string[];
  readonly messages: boolean;
}

const columnsOf = (bindings: readonly Binding[]): string[][] => [
  bindings.map(({ name }) => name),
  bindings.map(({ type }) => type),
];

const find = {
  name: 'bus-find',
  text: `
    select id, ordered, exists (select from bus.binding b where b.subscription_id = s.id) as bound
    from bus.subscription s where name = $1`,
};

const list = {
  name: 'bus-list',
  text: `
    select s.name, s.ordered,
      array(select b.type from bus.binding b where b.subscription_id = s.id order by b.type) as types,
      exists (select from bus.message m where m.subscription_id = s.id) as messages
    from bus.subscription s where s.id <> ${deadLetters} order by s.name`,
};

const create = {
  name: 'bus-create',
  text: `
    with made as (
      insert into bus.subscription (name, ordered) values ($1, $2) on conflict do nothing returning id
    )
    insert into bus.binding (type, subscription_id) select type, id from made, unnest($3::text[]) as bound (type)
    on conflict do nothing`,
};

const bind = {
  name: 'bus-bind',
  text: `
    insert into bus.binding (type, subscription_id)
    select wanted.type, s.id from unnest($1::text[], $2::text[]) as wanted (name, type)
    join bus.subscription s on s.name = wanted.name
    on conflict do nothing`,
};

/** In the order of the types, so that two processes that prune at one time do not deadlock. */
const count = `
    insert into bus.removed_binding as r (type, count) select type, count(*) from gone group by type order by type
    on conflict (type) do update set count = r.count + excluded.count`;

const unbind = {
  name: 'bus-unbind',
  text: `
    with gone as (
      delete from bus.binding b using unnest($1::text[], $2::text[]) as excess (name, type), bus.subscription s
      where s.name = excess.name and b.subscription_id = s.id and b.type = excess.type
      returning b.type
    ) ${count}`,
};

const drop = {
  name: 'bus-drop',
  text: `
    with dropped as (
      delete from bus.subscription s where s.name = any ($1::text[])
        and not exists (select from bus.message m where m.subscription_id = s.id)
      returning s.id, s.name
    ), gone as (
      select b.type from bus.binding b join dropped d on d.id = b.subscription_id
    ), counted as (${count})
    select name from dropped`,
};
