import type { JSX } from 'preact';
import { lookOf } from './order.ts';

export const StatusBadge = ({ status }: { readonly status: string }): JSX.Element => (
  <span class={`badge ${lookOf(status)}`}>{status}</span>
);
