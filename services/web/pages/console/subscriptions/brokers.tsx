import type { JSX } from 'preact';
import type { Queues } from './subscription.ts';

/** Whichever carry the shop and the open streams. */
export const Brokers = ({ brokers }: Pick<Queues, 'brokers'>): JSX.Element => (
  <p>
    {brokers.length === 1 ? 'Broker' : 'Brokers'}:{' '}
    {brokers.map(({ name, up, problem }) => (
      <span key={name}>
        {name} <span class={`badge ${up ? 'good' : 'bad'}`}>{up ? 'up' : 'away'}</span>{' '}
        {problem === undefined ? null : <span class="small">{problem} </span>}
      </span>
    ))}
  </p>
);
