import type { Registry } from '@emporium/contracts';

/** The brokers of the shop's messages and of the open streams. */
export interface Brokers {
  readonly busUrl: string;
  /** Equal to `busUrl` when one broker carries both. */
  readonly streamUrl: string;
}

/** The part of the registry that belongs on each broker. */
export const registriesOf = (
  { busUrl, streamUrl }: Brokers,
  registry: Registry,
): readonly { readonly url: string; readonly registry: Registry }[] =>
  busUrl === streamUrl
    ? [{ url: busUrl, registry }]
    : [
        { url: busUrl, registry: registry.on('bus') },
        { url: streamUrl, registry: registry.on('stream') },
      ];
