import type { TopologyChange } from '@emporium/bus';
import type { Topology } from '@emporium/bus/transport';
import type { Registry, Subscription } from '@emporium/contracts';
import type { Connection } from './connection.ts';
import { deadLetters } from './schema.ts';

interface Declared {
  readonly id: number;
  readonly ordered: boolean;
  /** Whether it listens to anything. */
  readonly bound: boolean;
}

/**
 * The subscription as the broker has it; where it is missing it is made, with its bindings, in one statement. Bound again is what
 * has no binding at all: another registry may have bound and unbound some since.
 */
export const declare = async (
  { publishing }: Connection,
  { name, ordered, to }: Subscription,
): Promise<Declared> => {
  for (;;) {
    const [known] = await publishing.query<Declared & Record<string, unknown>>(find, [name]);
    const types = to.map(({ type }) => type);
    if (known !== undefined) {
      if (!known.bound) await publishing.query(bind, [types.map(() => name), types]);
      return known;
    }
    await publishing.query(create, [name, ordered, types]);
  }
};

/** Subscriptions are called queues here, as on other brokers. */
export const createTopology = ({ publishing, patiently }: Connection, registry: Registry): Topology => {
  const found = (): Promise<Found[]> => publishing.query<Found>(list, []);

  return {
    diff: () =>
      patiently(async () => {
        const rows = await found();
        return [
          ...missingFrom(rows, registry).map(({ name }) => change('create', queue(name))),
          ...unboundIn(rows, registry).map((one) => change('create', binding(one))),
          ...conflictsOf(rows, registry),
          ...excessIn(rows, registry).map((one) => change('remove', binding(one))),
          ...unwantedIn(rows, registry).map(({ name, messages }) =>
            change('remove', queue(name), messages ? kept : undefined),
          ),
        ];
      }),

    apply: () =>
      patiently(async () => {
        const rows = await found();
        const missing = missingFrom(rows, registry);
        const unbound = unboundIn(rows, registry);
        for (const { name, ordered } of missing) await publishing.query(create, [name, ordered, []]);
        await publishing.query(bind, columnsOf(unbound));
        return [
          ...missing.map(({ name }) => change('create', queue(name))),
          ...unbound.map((one) => change('create', binding(one))),
        ];
      }),

    prune: () =>
      patiently(async () => {
        const rows = await found();
        const excess = excessIn(rows, registry);
        await publishing.query(unbind, columnsOf(excess));
        const names = unwantedIn(rows, registry).map(({ name }) => name);
        const removed = await publishing.query<{ name: string }>(drop, [names]);
        return [
          ...excess.map((one) => change('remove', binding(one))),
          ...removed.map(({ name }) => change('remove', queue(name))),
        ];
      }),
  };
};

interface Found extends Record<string, unknown> {
  readonly name: string;
  readonly ordered: boolean;
  readonly types: readonly string[];
  readonly messages: boolean;
}

interface Binding {
  readonly name: string;
  readonly type: string;
}

const missingFrom = (rows: readonly Found[], { subscriptions }: Registry): Subscription[] =>
  subscriptions.filter(({ name }) => !rows.some((row) => row.name === name));

const unboundIn = (rows: readonly Found[], { subscriptions }: Registry): Binding[] => {
  const types = new Map(rows.map((row) => [row.name, row.types]));
  return subscriptions.flatMap(({ name, to }) =>
    to.filter(({ type }) => !types.get(name)?.includes(type)).map(({ type }) => ({ name, type })),
  );
};

const unwantedIn = (rows: readonly Found[], registry: Registry): Found[] =>
  rows.filter(({ name }) => registry.subscription(name) === undefined);

const excessIn = (rows: readonly Found[], registry: Registry): Binding[] =>
  rows.flatMap(({ name, types }) => {
    const wanted = registry.subscription(name)?.to.map(({ type }) => type);
    return wanted === undefined
      ? []
      : types.filter((type) => !wanted.includes(type)).map((type) => ({ name, type }));
  });

const conflictsOf = (rows: readonly Found[], registry: Registry): TopologyChange[] =>
  rows
    .filter(({ name, ordered }) => (registry.subscription(name)?.ordered ?? ordered) !== ordered)
    .map(({ name, ordered }) =>
      change('conflict', queue(name), ordered ? 'it exists as ordered' : 'it exists as unordered'),
    );

const change = (action: TopologyChange['action'], what: string, detail?: string): TopologyChange => ({
  action,
  what,
  ...(detail === undefined ? {} : { detail }),
});

const kept = 'it holds messages: prune leaves it until they are handled';

const queue = (name: string): string => `queue ${name}`;

const binding = ({ name, type }: Binding): string => `binding ${name} <- ${type}`;

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

/** In a fixed order of types, since two processes may prune at one time. */
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
