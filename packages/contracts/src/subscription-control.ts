import { subscriptionPaused, subscriptionResumed } from './operations.ts';
import { quick, type Subscription, subscription } from './subscription.ts';

const what = 'control';

/** One more subscription for each service that has any: through it the service learns what was paused and resumed. */
export const controlsOf = (subscriptions: readonly Subscription[]): readonly Subscription[] =>
  [...new Set(subscriptions.map(({ service }) => service))].map((service) =>
    subscription(`${service}.${what}`, { to: [subscriptionPaused, subscriptionResumed], retry: quick }),
  );

/** Whether it is the subscription through which its service learns of pauses. It cannot be paused itself. */
export const isControl = ({ name, service }: Pick<Subscription, 'name' | 'service'>): boolean =>
  name === `${service}.${what}`;
