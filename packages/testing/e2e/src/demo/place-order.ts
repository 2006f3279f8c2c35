import { eventually } from '../eventually.ts';
import { UnexpectedResponse } from '../http.ts';
import type { Customer } from '../views.ts';
import type { DemoContext } from './scenario.ts';

/** Places an order. The order service learns of a product by an event, so a new sku may still be unknown to it. */
export const place = async (
  { client }: Pick<DemoContext, 'client'>,
  customer: Customer,
  sku: string,
  quantity: number,
  paymentToken: string,
): Promise<string> => {
  const body = { lines: [{ sku, quantity }], paymentToken };
  const { status, body: placed } = await eventually(
    `${sku} can be ordered`,
    () => client.http.request<{ orderId: string }>('POST', '/api/orders', { token: customer.token, body }),
    (answer) => answer.status !== 422,
    10_000,
  );
  if (status !== 202) throw new UnexpectedResponse('POST', '/api/orders', status, JSON.stringify(placed));
  return placed.orderId;
};
