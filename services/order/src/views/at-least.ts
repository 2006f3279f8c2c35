import {
  formatVersion,
  lagText,
  maxCountedLag,
  type Projection,
  type Projections,
  parseVersion,
  writeVersions,
} from '@emporium/event-store';
import { fieldProblem, problem } from '@emporium/service';
import type { Tx } from '@emporium/store';
import { z } from 'zod';
import type { OrderTables } from '../store/tables.ts';

/** The header of a response to a write: its version, for `atLeast` of later reads. */
const versionHeader = 'emporium-version';

/** For the description of a write. */
export const versionNote = `The header ${versionHeader} of the response is for \`atLeast\` of lists and reports.`;

/** The query parameter of a read that must include a write; the position that it names. */
export const atLeast = z
  .string()
  .max(100)
  .refine((text) => parseVersion(text) !== undefined, `must be the ${versionHeader} of a response`)
  .optional()
  .describe(
    `The ${versionHeader} of the response to a write, which the answer will include. While that takes too long the answer is 503`,
  );

/** The headers with the versions of orders after a write, by order; in the transaction of that write. */
export const versionsAfter = async (
  tx: Tx<OrderTables>,
  orderIds: readonly string[],
): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> => {
  const versions = await writeVersions(tx, orderIds);
  return new Map([...versions].map(([id, position]) => [id, { [versionHeader]: formatVersion(position) }]));
};

/** Waits until a read from this projection includes the version. */
export type WaitForVersion = (projection: Projection, version: string | undefined) => Promise<void>;

/** Throws a 503 problem when the projection is still behind after `timeoutMs`. */
export const createWaitForVersion =
  (views: Projections, timeoutMs: number): WaitForVersion =>
  async (projection, version) => {
    const position = version === undefined ? undefined : parseVersion(version);
    if (position === undefined) return;
    const outcome = await views.wait(projection, position, timeoutMs);
    if (outcome === 'unknown') throw unknownVersion();
    if (outcome === 'late') throw await viewBehind(views, projection);
  };

const unknownVersion = () =>
  fieldProblem(400, 'invalid-request', [
    { field: 'query.atLeast', message: 'must be a version that this shop has reached' },
  ]);

const viewBehind = async (views: Projections, projection: Projection) => {
  const { lag } = await views.statusOf(projection);
  const behind = { events: lag.events, seconds: Math.round(lag.seconds * 10) / 10 };
  return problem(
    503,
    'view-behind',
    `The view ${projection.name} is ${lagText(lag, maxCountedLag)} behind; try again shortly.`,
    { headers: { 'retry-after': '1' }, members: { projection: projection.name, behind } },
  );
};
