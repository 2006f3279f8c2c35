import { fieldProblem, problem } from '@emporium/service';
import { within } from '@emporium/telemetry';
import { RefusedAddress, resolvePublic } from '../addresses/checked-lookup.ts';
import { checkUrl, hostOf, type UrlPolicy } from '../addresses/receiver-url.ts';
import type { Resolve } from '../addresses/resolver.ts';

export const noWebhook = () => problem(404, 'not-found', 'There is no such webhook.');
export const noDelivery = () => problem(404, 'not-found', 'There is no such delivery.');

export const noSuchEntry = () =>
  fieldProblem(400, 'invalid-request', [
    { field: 'after', message: 'must be the id of a delivery of this webhook' },
  ]);

export const tooManyWebhooks = (max: number) =>
  problem(409, 'too-many-webhooks', `There are ${max} webhooks already; remove one first.`);

export const isDisabled = () =>
  problem(409, 'webhook-disabled', 'The webhook is disabled; its deliveries wait until it is enabled.');

export const inProgress = () =>
  problem(409, 'in-progress', 'An attempt of this delivery is being made; try again in a minute.');

/** Milliseconds for the name servers. */
const resolveMs = 5_000;

/** The URL in its usual form. Throws a problem that names `url` when nothing can, or may, be sent to it. */
export const acceptUrl = async (
  text: string,
  { resolve, ...policy }: UrlPolicy & { readonly resolve: Resolve },
): Promise<string> => {
  const checked = checkUrl(text, policy);
  if (checked.kind === 'invalid')
    throw fieldProblem(400, 'invalid-request', [{ field: 'url', message: checked.message }]);
  if (checked.kind === 'refused') throw refusedUrl(checked.message);
  try {
    await within(resolveMs, resolvePublic(hostOf(checked.url), resolve, policy));
  } catch (error) {
    throw refusedUrl(
      error instanceof RefusedAddress ? error.message : 'must have a host that the name servers know',
      error,
    );
  }
  return checked.url.href;
};

const refusedUrl = (message: string, cause?: unknown) =>
  fieldProblem(422, 'url-refused', [{ field: 'url', message }], { cause });
