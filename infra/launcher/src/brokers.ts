import type { Registry } from '@emporium/contracts';

/** What carries the messages: the shop's own, and those of the open streams. */
export interface Brokers {
  readonly busUrl: string;
  /** The same, where one broker carries both. */
  readonly streamUrl: string;
}

/** Which part of the registry belongs on which broker. */
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
