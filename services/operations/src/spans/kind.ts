import { attribute } from '@emporium/telemetry';
import type { Span, SpanAttribute } from '../domain/trace/span.ts';

/** What a span is about, in the words of the shop. */
export const nodeKinds = [
  /** An HTTP request that a service answered. */
  'request',
  /** One that it sent: the gateway to a service, or a service to the payment provider, the carrier or a webhook. */
  'call',
  'message created',
  'message published',
  'message handled',
  /** It was handled, failed, and is tried again. */
  'retry',
  /** It was handled, failed, and set aside. */
  'dead letter',
  'transaction',
  'replay',
  'deadline',
  'task',
  'mail',
  'other',
] as const;
export type NodeKind = (typeof nodeKinds)[number];

/** Goes by attributes, and by the name only where a span has no other sign, since spans of third parties have names of their own. */
export const kindOf = (span: Span): NodeKind => {
  const { kind, name, attributes } = span;
  const has = (key: string): boolean => attributes[key] !== undefined;
  const trigger = attributes[attribute.trigger];
  if (name.startsWith('replay ')) return 'replay';
  if (name.startsWith('deadline ')) return 'deadline';
  if (name.startsWith('transaction ')) return 'transaction';
  if (has(attribute.template)) return 'mail';
  if (has(attribute.task)) return 'task';
  if (kind === 'consumer') return handledKind(attributes[attribute.settlement]);
  if (kind === 'producer') return 'message created';
  if (kind === 'server') return 'request';
  if (kind === 'client')
    return has(attribute.messagingSystem) || name.startsWith('send ')
      ? 'message published'
      : clientKind(span);
  if (trigger === 'replay' || trigger === 'deadline') return trigger;
  return 'other';
};

const handledKind = (settlement: SpanAttribute | undefined): NodeKind => {
  if (settlement === 'retry') return 'retry';
  return settlement === 'dead-letter' ? 'dead letter' : 'message handled';
};

const clientKind = ({ attributes }: Span): NodeKind =>
  attributes[attribute.databaseSystem] === undefined ? 'call' : 'transaction';
