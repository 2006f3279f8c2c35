import { parseArgs } from 'node:util';
import { positiveNumber, rfc3339Time } from '@emporium/service';

export const usage = `usage: npm run events -- order <id> [--at <RFC 3339 time> | --version <n>]
       for the shop of npm run demo, or the database of ORDER_DATABASE_URL; in containers:
       docker compose exec order node services/order/src/events/main.ts order <id> …`;

export interface Arguments {
  readonly orderId: string;
  readonly at?: Date;
  readonly version?: number;
}

/** Throws an error that names the argument when one is wrong. */
export const readArguments = (args: readonly string[]): Arguments => {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { at: { type: 'string' }, version: { type: 'string' } },
  });
  const [aggregate, orderId, ...rest] = positionals;
  if (aggregate !== 'order') throw new Error(`the first argument must be order, not '${aggregate ?? ''}'`);
  if (orderId === undefined || orderId === '') throw new Error('the id of the order is missing');
  if (rest.length > 0) throw new Error(`there is an argument too many: '${rest[0]}'`);
  if (values.at !== undefined && values.version !== undefined)
    throw new Error('--version must not be given together with --at');
  if (values.at !== undefined) {
    const at = rfc3339Time.safeParse(values.at);
    if (!at.success)
      throw new Error(`--at must be an RFC 3339 time, such as 2026-01-31T12:00:00Z, not '${values.at}'`);
    return { orderId, at: at.data };
  }
  if (values.version !== undefined) {
    const version = positiveNumber.safeParse(values.version);
    if (!version.success) throw new Error(`--version must be a whole number from 1, not '${values.version}'`);
    return { orderId, version: version.data };
  }
  return { orderId };
};
