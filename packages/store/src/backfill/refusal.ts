import type { Registry, ServiceName } from '@emporium/contracts';
import type { BackfillSource } from './source.ts';

/** Why a backfill is refused: the same request will always be refused. */
export interface BackfillRefusal {
  readonly refused: string;
}

interface Request {
  readonly name: string;
  readonly service: ServiceName;
  readonly registry: Registry;
  readonly source: Pick<BackfillSource<never>, 'contracts'>;
}

export const refusalOf = ({ name, service, registry, source }: Request): BackfillRefusal | undefined => {
  const subscription = registry.subscription(name);
  if (subscription === undefined) return { refused: 'is not one of the shop' };
  const listened = subscription.to.filter(({ kind, owner }) => kind === 'event' && owner === service);
  if (listened.length === 0) return { refused: `listens to no event of ${service}` };
  if (!subscription.backfill) {
    return {
      refused:
        'must say `backfill: true` in the registry: its handlers may not be safe with messages of any age',
    };
  }
  const names = new Set(source.contracts.map((contract) => contract.name));
  const missing = listened.filter((contract) => !names.has(contract.name)).map(({ type }) => type);
  if (missing.length === 0) return undefined;
  return { refused: `listens to ${missing.join(', ')}, which ${service} cannot publish again` };
};
