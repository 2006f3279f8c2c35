import { canStart } from '@emporium/servers';
import { describe, expect, test, vi } from 'vitest';
import { createRabbitmqTransport } from '../src/index.ts';
import { aSubscription, exchange, registryOf, withRabbitmq } from './with-rabbitmq.ts';

const rabbitmq = await canStart('rabbitmq');

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe.skipIf(!rabbitmq.available)(rabbitmq.title('the topology on rabbitmq'), () => {
  const { open, withChannel, server, lesserUser } = withRabbitmq({ management: true });

  const applied = async (withManagement: boolean) => {
    const { managementUrl = '' } = server();
    const one = aSubscription();
    const topology = open(withManagement ? { managementUrl } : {}).topology(registryOf(one));
    await topology.apply();
    expect((await topology.diff()).filter(({ action }) => action === 'create')).toEqual([]);
    return { one, topology };
  };

  const created = (...names: string[]) => names.map((what) => ({ action: 'create', what }));

  test('diff names a missing exchange with the bindings that went with it', async () => {
    const { one, topology } = await applied(false);
    await withChannel((channel) => channel.deleteExchange(exchange));
    expect(await topology.diff()).toEqual(
      expect.arrayContaining(
        created(`exchange ${exchange}`, `binding ${one.name} <- ${exchange} user.registered.*`),
      ),
    );
    expect(await topology.apply()).toEqual(expect.arrayContaining(created(`exchange ${exchange}`)));
    expect((await topology.diff()).filter(({ action }) => action === 'create')).toEqual([]);
  });

  test.each(['dead-letters', 'queue'])(
    'diff names what is missing, also where the exchange of its name is there: %s',
    async (kind) => {
      const { one, topology } = await applied(false);
      const name = kind === 'queue' ? one.name : kind;
      await withChannel((channel) => channel.deleteQueue(name));
      expect(await topology.diff()).toEqual(expect.arrayContaining(created(`queue ${name}`)));
      await topology.apply();
      await withChannel((channel) => channel.checkQueue(name));
    },
  );

  test('diff names a missing exchange although a queue of its name is there', async () => {
    const { topology } = await applied(false);
    await withChannel((channel) => channel.deleteExchange('dead-letters'));
    expect(await topology.diff()).toEqual(
      expect.arrayContaining(created('exchange dead-letters', 'binding dead-letters <- dead-letters')),
    );
    await topology.apply();
  });

  test('diff names a missing binding where the management plugin answers, and changes nothing', async () => {
    const { one, topology } = await applied(true);
    const missing = created(`binding ${one.name} <- ${exchange} user.registered.*`);
    await withChannel((channel) => channel.unbindQueue(one.name, exchange, 'user.registered.*'));
    expect(await topology.diff()).toEqual(expect.arrayContaining(missing));
    expect(await topology.diff()).toEqual(expect.arrayContaining(missing));
    expect(await topology.apply()).toEqual(expect.arrayContaining(missing));
    expect((await topology.diff()).filter(({ action }) => action === 'create')).toEqual([]);
  });

  test('diff of a broker that was emptied names all of it', async () => {
    const { one, topology } = await applied(false);
    await server().ctl('delete_vhost', '/');
    await server().ctl('add_vhost', '/');
    await server().ctl('set_permissions', 'emporium', '.*', '.*', '.*');
    expect(await topology.diff()).toEqual(
      expect.arrayContaining(created(`exchange ${exchange}`, `queue ${one.name}`, 'queue dead-letters')),
    );
  });

  test('diff of a virtual host that does not exist says so', async () => {
    const one = aSubscription();
    const topology = createRabbitmqTransport({ url: `${server().url}/absent` }).topology(registryOf(one));
    const start = Date.now();
    const [first, ...others] = await topology.diff();
    expect(first).toMatchObject({ action: 'create', what: 'virtual host absent' });
    expect(first?.detail).toContain('rabbitmqctl add_vhost absent');
    expect(others).toEqual(expect.arrayContaining(created(`queue ${one.name}`)));
    expect(Date.now() - start).toBeLessThan(5_000);
    await expect(topology.apply()).rejects.toThrow('vhost absent not found');
  });

  test('a record that is none of ours is passed over', async () => {
    const { topology } = await applied(false);
    await withChannel((channel) => {
      for (const body of ['', 'null', '[]', '{"exchanges":1}', '\u0000'])
        channel.publish('emporium.topology', '', Buffer.from(body));
    });
    expect((await topology.diff()).filter(({ action }) => action === 'create')).toEqual([]);
  });

  test('who may not manage it gets one sentence', async () => {
    const topology = open({ url: await lesserUser('curious') }).topology(registryOf(aSubscription()));
    await expect(topology.diff()).rejects.toThrow(/this user may not manage the topology.*ACCESS_REFUSED/);
  });

  test('a password that is wrong, and a broker that is not there, are one sentence each', async () => {
    const registry = registryOf(aSubscription());
    const wrong = open({ url: server().url.replace('emporium:emporium@', 'emporium:wrong@') });
    await expect(wrong.topology(registry).diff()).rejects.toThrow(/broker cannot be reached.*ACCESS.REFUSED/);
    const absent = open({ url: 'amqp://127.0.0.1:1', timeoutMs: 500 });
    await expect(absent.topology(registry).diff()).rejects.toThrow(/broker cannot be reached.*ECONNREFUSED/);
  });
});
