import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { keys, type RunningSimulator, startSimulator } from './start-simulator.ts';

let simulator: RunningSimulator;
beforeEach(async () => {
  simulator = await startSimulator();
});
afterEach(() => simulator.stop());

const body = { amount: { amount: 500, currency: 'EUR' }, token: 'tok_ok', reference: 'order-1' };
const authorise = (idempotencyKey: string, change: object = {}, timeoutMs?: number) =>
  simulator.call('POST', '/payments/authorisations', {
    key: keys.payment,
    idempotencyKey,
    body: { ...body, ...change },
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
const ledger = async () =>
  (await simulator.call('GET', '/payments/ledger?reference=order-1', { key: keys.payment })).body[
    'authorisations'
  ];

test('authorise, capture and refund appear in the ledger', async () => {
  const { status, body: authorisation } = await authorise('a1');
  expect(status).toBe(201);
  expect(authorisation).toMatchObject({ status: 'approved', expiresAt: expect.any(String) });
  const capture = await simulator.call('POST', `/payments/authorisations/${authorisation['id']}/capture`, {
    key: keys.payment,
    idempotencyKey: 'c1',
  });
  expect(capture).toMatchObject({ status: 201, body: { status: 'captured', amount: body.amount } });
  const refund = await simulator.call('POST', `/payments/captures/${capture.body['id']}/refund`, {
    key: keys.payment,
    idempotencyKey: 'r1',
    body: { amount: { amount: 100, currency: 'EUR' } },
  });
  expect(refund.status).toBe(201);
  expect(await ledger()).toMatchObject([
    { status: 'captured', authorised: 500, captured: 500, refunded: 100, held: 0 },
  ]);
});

test('a void by key before the authorisation declines it', async () => {
  const request = { key: keys.payment, body: { key: 'a1' } };
  expect(await simulator.call('POST', '/payments/voids', request)).toMatchObject({
    status: 200,
    body: { status: 'voided' },
  });
  expect((await authorise('a1')).body).toMatchObject({ status: 'declined', reason: 'voided' });
});

test('a rejection is a problem document with a code', async () => {
  const { body: authorisation } = await authorise('a1', { token: 'tok_expires' });
  const capture = await simulator.call('POST', `/payments/authorisations/${authorisation['id']}/capture`, {
    key: keys.payment,
    idempotencyKey: 'c1',
    body: {},
  });
  expect(capture).toMatchObject({
    status: 409,
    body: { code: 'authorisation_expired', type: 'urn:emporium:problem:authorisation-expired' },
  });
});

test('a call requires an API key and an idempotency key', async () => {
  const call = { idempotencyKey: 'a1', body };
  expect((await simulator.call('POST', '/payments/authorisations', call)).status).toBe(401);
  expect(
    (await simulator.call('POST', '/payments/authorisations', { ...call, key: keys.carrier })).status,
  ).toBe(401);
  const keyless = await simulator.call('POST', '/payments/authorisations', { key: keys.payment, body });
  expect(keyless).toMatchObject({ status: 400, body: { errors: [{ field: 'headers.idempotency-key' }] } });
  expect(await ledger()).toEqual([]);
});

describe('faulty tokens', () => {
  test('tok_error returns 500 and charges nothing', async () => {
    expect((await authorise('a1', { token: 'tok_error' })).status).toBe(500);
    expect(await ledger()).toEqual([]);
  });

  test('tok_charge_then_timeout charges once and answers the repeated request', async () => {
    const token = 'tok_charge_then_timeout';
    await expect(authorise('a1', { token }, 1_000)).rejects.toThrow(/timeout/);
    expect(await ledger()).toMatchObject([{ held: 500 }]);
    expect((await authorise('a1', { token })).body).toMatchObject({ status: 'approved' });
    expect(await ledger()).toHaveLength(1);
  });

  test('tok_charge_then_timeout_2 leaves two calls with the same key unanswered', async () => {
    const token = 'tok_charge_then_timeout_2';
    await expect(authorise('a1', { token }, 1_000)).rejects.toThrow(/timeout/);
    await expect(authorise('a1', { token }, 1_000)).rejects.toThrow(/timeout/);
    expect((await authorise('a1', { token })).status).toBe(201);
  });

  test('tok_stall answers late, and authorises even when the client has disconnected', async () => {
    await expect(authorise('a1', { token: 'tok_stall_2000' }, 1_000)).rejects.toThrow(/timeout/);
    expect(await ledger()).toEqual([]);
    await expect.poll(ledger, { timeout: 10_000 }).toMatchObject([{ held: 500 }]);
  });

  test('a void by key during a stall declines the authorisation', async () => {
    const late = authorise('a1', { token: 'tok_stall_2000' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await simulator.call('POST', '/payments/voids', { key: keys.payment, body: { key: 'a1' } });
    expect((await late).body).toMatchObject({ status: 'declined', reason: 'voided' });
  });
});

describe('configured faults', () => {
  const setFaults = (faults: object) => simulator.call('PUT', '/simulator/faults', { body: faults });

  test('the provider declines, fails, or charges without a response, the given number of times', async () => {
    await setFaults({ payment: { mode: 'decline', times: 1 } });
    expect((await authorise('a1')).body).toMatchObject({ status: 'declined' });
    expect((await authorise('a2')).body).toMatchObject({ status: 'approved' });
    await setFaults({ payment: { mode: 'error', times: 1 } });
    expect((await authorise('a3')).status).toBe(500);
    expect((await authorise('a3')).status).toBe(201);
    await setFaults({ payment: { mode: 'charge-then-timeout', times: 1 } });
    await expect(authorise('a4', {}, 1_000)).rejects.toThrow(/timeout/);
    expect((await authorise('a4')).status).toBe(201);
  });

  test('a fault can be limited to one order and one operation', async () => {
    await setFaults({ payment: [{ mode: 'error', operation: 'void', reference: 'order-1' }] });
    const { body: mine } = await authorise('a1');
    const { body: others } = await authorise('a2', { reference: 'order-2' });
    const voidIt = (id: unknown) =>
      simulator.call('POST', `/payments/authorisations/${id}/void`, { key: keys.payment });
    expect((await voidIt(mine['id'])).status).toBe(500);
    expect((await voidIt(others['id'])).status).toBe(200);
    expect(
      (await simulator.call('POST', '/payments/voids', { key: keys.payment, body: { key: 'a1' } })).status,
    ).toBe(500);
    await simulator.call('DELETE', '/simulator/faults?reference=order-1');
    expect((await voidIt(mine['id'])).status).toBe(200);
  });

  test('refunds fail by themselves, and parts of a capture are refunded once per key', async () => {
    const { body: authorisation } = await authorise('a1');
    const path = `/payments/authorisations/${authorisation['id']}`;
    const post = (operation: string, idempotencyKey: string, amount: number, timeoutMs = 5_000) =>
      simulator.call('POST', `${path}/${operation}`, {
        key: keys.payment,
        idempotencyKey,
        body: { amount: { amount, currency: 'EUR' } },
        timeoutMs,
      });
    await setFaults({
      payment: [{ mode: 'decline', operation: 'refund', reference: 'order-1', times: 1 }],
    });
    expect((await post('capture', 'c1', 500)).status).toBe(201);
    expect(await post('refund', 'r1', 200)).toMatchObject({ status: 409, body: { code: 'refund_refused' } });
    await setFaults({ payment: { mode: 'charge-then-timeout', operation: 'refund', times: 1 } });
    await expect(post('refund', 'r1', 200, 1_000)).rejects.toThrow(/timeout/);
    expect((await post('refund', 'r1', 200)).status).toBe(201);
    expect((await post('refund', 'r2', 300)).status).toBe(201);
    expect(await post('refund', 'r3', 1)).toMatchObject({ status: 422, body: { code: 'amount_too_large' } });
    expect(await ledger()).toMatchObject([{ captured: 500, refunded: 500 }]);
  });

  test('a busy provider delays the first request with a key, and returns 409 to repeated ones until then', async () => {
    await setFaults({ payment: { mode: 'busy', delayMs: 1_500 } });
    await expect(authorise('a1', {}, 500)).rejects.toThrow(/timeout/);
    expect(await authorise('a1')).toMatchObject({ status: 409, body: { code: 'idempotency_key_in_use' } });
    await expect.poll(ledger, { timeout: 10_000 }).toMatchObject([{ held: 500 }]);
    expect(await authorise('a1')).toMatchObject({ status: 201, body: { status: 'approved' } });
    expect(await ledger()).toHaveLength(1);
  });

  test('a canned response replaces the actual one, with or without executing the request', async () => {
    const respondWith = (response: object) =>
      setFaults({ payment: { mode: 'answer', times: 1, ...response } });
    await respondWith({ status: 401, body: { code: 'invalid_api_key' } });
    expect(await authorise('a1')).toEqual({ status: 401, body: { code: 'invalid_api_key' } });
    expect(await ledger()).toEqual([]);
    await respondWith({ acts: true, body: { amount: { amount: 1, currency: 'EUR' } } });
    expect(await authorise('a1')).toMatchObject({
      status: 201,
      body: { status: 'approved', amount: { amount: 1, currency: 'EUR' } },
    });
    expect(await ledger()).toMatchObject([{ held: 500 }]);
    await respondWith({ status: 429, headers: { 'retry-after': '5' }, body: '<html>' });
    const response = await fetch(`${simulator.url}/payments/voids`, {
      method: 'POST',
      headers: { authorization: `Bearer ${keys.payment}`, 'content-type': 'application/json' },
      body: JSON.stringify({ key: 'a1' }),
    });
    expect([response.status, response.headers.get('retry-after'), await response.text()]).toEqual([
      429,
      '5',
      '<html>',
    ]);
    expect(await ledger()).toMatchObject([{ held: 500 }]);
  });

  test('faults are listed, removed by ok and cleared', async () => {
    const { body: listed } = await setFaults({
      payment: { mode: 'stall', delayMs: 5 },
      carrier: { mode: 'fail' },
    });
    expect(listed['faults']).toMatchObject([
      { target: 'payment', mode: 'stall', delayMs: 5, hits: 0 },
      { target: 'carrier', mode: 'refuse' },
    ]);
    await setFaults({ payment: { mode: 'ok' } });
    expect((await simulator.call('GET', '/simulator/faults')).body['faults']).toHaveLength(1);
    expect((await simulator.call('DELETE', '/simulator/faults')).status).toBe(204);
    expect((await simulator.call('GET', '/simulator/faults')).body['faults']).toEqual([]);
  });

  test('an unknown mode is rejected', async () => {
    const { status, body: problem } = await setFaults({ payment: { mode: 'explode' } });
    expect(status).toBe(400);
    expect(JSON.stringify(problem['errors'])).toContain('payment');
  });
});

test('a stall does not delay the shutdown', async () => {
  const other = await startSimulator({ STALL_MS: '60000' });
  const stalled = other.call('POST', '/payments/authorisations', {
    key: keys.payment,
    idempotencyKey: 'a1',
    body: { ...body, token: 'tok_stall' },
  });
  const unanswered = other
    .call('POST', '/payments/authorisations', {
      key: keys.payment,
      idempotencyKey: 'a2',
      body: { ...body, token: 'tok_charge_then_timeout' },
    })
    .catch((error: unknown) => error);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const start = Date.now();
  await other.stop();
  expect(Date.now() - start).toBeLessThan(5_000);
  expect((await stalled).status).toBe(503);
  expect(await unanswered).toBeInstanceOf(Error);
});

test('admin calls require the admin key if it is set', async () => {
  const other = await startSimulator({ SIMULATOR_ADMIN_KEY: 'admin-key-1' });
  expect((await other.call('GET', '/simulator/ledger')).status).toBe(401);
  expect((await other.call('GET', '/simulator/ledger', { key: 'admin-key-1' })).status).toBe(200);
  await other.stop();
});

test('authorisations and outcomes survive a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'simulator-'));
  const environment = { STATE_FILE: join(folder, 'state.jsonl') };
  const request = { key: keys.payment, idempotencyKey: 'a1', body };
  const first = await startSimulator(environment);
  const { body: authorisation } = await first.call('POST', '/payments/authorisations', request);
  await first.call('POST', `/payments/authorisations/${authorisation['id']}/capture`, {
    key: keys.payment,
    idempotencyKey: 'c1',
  });
  await first.call('POST', '/payments/voids', { key: keys.payment, body: { key: 'a2' } });
  await first.stop();
  const second = await startSimulator(environment);
  expect((await second.call('POST', '/payments/authorisations', request)).body).toEqual(authorisation);
  const late = await second.call('POST', '/payments/authorisations', { ...request, idempotencyKey: 'a2' });
  expect(late.body).toMatchObject({ status: 'declined', reason: 'voided' });
  const { body: ledgerAfter } = await second.call('GET', '/simulator/ledger');
  expect(ledgerAfter['authorisations']).toMatchObject([{ captured: 500 }, { authorised: 0 }]);
  await second.stop();
  rmSync(folder, { recursive: true });
});
