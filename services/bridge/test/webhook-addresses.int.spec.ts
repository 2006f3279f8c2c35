import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { serverFor } from '@emporium/servers';
import { v7 as uuid } from 'uuid';
import { afterEach, describe, expect, test } from 'vitest';
import { type Receiver, startReceiver } from './support/receiver.ts';
import { selfSigned } from './support/self-signed.ts';
import { type Bridge, type BridgeOptions, completed, openBridge } from './support/webhooks.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('where webhooks are sent'), () => {
  const cleanups: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0)) await cleanup();
  });
  const open = async (options: BridgeOptions): Promise<Bridge> => {
    const bridge = await openBridge(postgres.url, { schedule: [0], ...options });
    cleanups.unshift(bridge.close);
    await bridge.start();
    return bridge;
  };
  const receive = async (): Promise<Receiver> => {
    const receiver = await startReceiver();
    cleanups.push(receiver.close);
    return receiver;
  };
  const outcome = async (bridge: Bridge, id: string) => {
    await bridge.handle(completed());
    await expect.poll(() => bridge.deliveries(id, 'status=pending')).toEqual([]);
    const [{ status, lastReason }] = await bridge.deliveries(id);
    return { status, lastReason };
  };

  test('a URL with a private address is refused with 422, and names the field', async () => {
    const bridge = await open({ allowPrivate: false, resolve: async () => ['10.0.0.7'] });
    for (const url of [
      'https://127.0.0.1/',
      'https://0x7f.1/',
      'https://[::1]/',
      'https://inside.example/',
    ]) {
      const { status, body } = await bridge.request('POST', '', { url, events: 'all' });
      expect(status).toBe(422);
      expect(body.errors).toEqual([
        { field: 'url', message: expect.stringContaining('not an address of the public internet') },
      ]);
    }
    const { status, body } = await bridge.request('POST', '', { url: 'http://8.8.8.8/', events: 'all' });
    expect({ status, detail: body.detail }).toEqual({ status: 422, detail: 'url must begin with https:' });
    expect((await bridge.request('GET', '')).body.webhooks).toEqual([]);
  });

  test('a name that leads to a private address after it was registered gets no request', async () => {
    const { url, received } = await receive();
    let address = '8.8.8.8';
    const bridge = await open({ allowPrivate: false, resolve: async () => [address] });
    const { id } = await bridge.register(`https://hooks.example:${new URL(url).port}/`);
    address = '127.0.0.1';
    expect(await outcome(bridge, id)).toEqual({
      status: 'failed',
      lastReason: 'its URL must not lead to 127.0.0.1, which is not an address of the public internet',
    });
    expect((await bridge.request('POST', `/${id}/test`)).body).toMatchObject({ outcome: 'failed' });
    expect(received).toEqual([]);
  });

  test('a URL that was allowed once is checked again at each attempt', async () => {
    const { url, received } = await receive();
    const id = uuid();
    const bridge = await open({ allowPrivate: false });
    await bridge.store.db
      .insertInto('webhook')
      .values({
        id,
        url,
        events: null,
        description: null,
        secret: 'whsec_AAAA',
        previous_secret: null,
        previous_secret_until: null,
        enabled: true,
        disabled_at: null,
        disabled_reason: null,
        failing_since: null,
        throttled_until: null,
        created_at: new Date(),
      })
      .execute();
    expect(await outcome(bridge, id)).toEqual({
      status: 'failed',
      lastReason: 'its URL must begin with https:',
    });
    expect(received).toEqual([]);
  });

  test('the request goes to the address that the resolver gave', async () => {
    const { url, received } = await receive();
    const bridge = await open({ resolve: async () => ['127.0.0.1'] });
    const { id } = await bridge.register(`http://hooks.example:${new URL(url).port}/`);
    expect(await outcome(bridge, id)).toMatchObject({ status: 'delivered' });
    expect(received[0]?.headers['host']).toMatch(/^hooks\.example:/);
  });

  test('a certificate that nobody trusts is a failure, with the reason', async () => {
    const received: string[] = [];
    const server = createServer(selfSigned, (request, response) => {
      received.push(request.url ?? '');
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => new Promise((resolve) => server.close(resolve)));
    const bridge = await open({});
    const { port } = server.address() as AddressInfo; // it listens on TCP
    const { id } = await bridge.register(`https://127.0.0.1:${port}/`);
    expect(await outcome(bridge, id)).toEqual({
      status: 'failed',
      lastReason: 'its TLS certificate is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)',
    });
    expect(received).toEqual([]);
  });

  test('a port that nobody listens on is a failure, with the reason', async () => {
    const bridge = await open({});
    const { id } = await bridge.register('http://127.0.0.1:1/');
    expect(await outcome(bridge, id)).toEqual({
      status: 'failed',
      lastReason: 'the connection was refused (ECONNREFUSED)',
    });
  });

  test('a name that the name servers do not know any more is a failure, with the reason', async () => {
    let known = true;
    const bridge = await open({
      resolve: async () => {
        if (known) return ['127.0.0.1'];
        throw Object.assign(new Error('queryA ENOTFOUND hooks.example'), { code: 'ENOTFOUND' });
      },
    });
    const { id } = await bridge.register('http://hooks.example/');
    known = false;
    expect(await outcome(bridge, id)).toEqual({
      status: 'failed',
      lastReason: 'its host is unknown to the name servers (ENOTFOUND)',
    });
  });
});
