import { isControl, type Subscription, shop } from '@emporium/contracts';
import { currentUser, plainText, problem, type Routes } from '@emporium/service';
import type { Store } from '@emporium/store';
import { z } from 'zod';
import { changeSubscription } from '../change-subscription.ts';
import { type SubscriptionChange, type SubscriptionState, untouched } from '../domain/subscription-state.ts';
import { readState, readStates } from '../store/subscription-states.ts';
import type { Tables } from '../store/tables.ts';

const path = '/api/admin/subscriptions';
const params = z.object({ name: z.string().min(1).max(200) });

const view = z.object({
  name: z.string(),
  service: z.string(),
  ordered: z.boolean(),
  contracts: z.array(z.string()),
  state: z
    .enum(['active', 'paused'])
    .describe("What is wanted; the instances of its service follow, and show it in their '/health/ready'"),
  /** False for the subscriptions through which services learn of pauses. */
  pausable: z.boolean(),
  /** When it was paused or resumed last, by whom and why; absent while it never was. */
  since: z.string().optional(),
  by: z.string().optional(),
  reason: z.string().optional(),
});

const access = 'administrator';
const unchanged = 'It is in this state already';

export const subscriptionRoutes =
  (store: Store<Tables>): Routes =>
  (server) => {
    server.get(
      path,
      {
        config: { access },
        schema: {
          summary: 'List the subscriptions of all services, with those that are paused',
          response: { 200: z.object({ subscriptions: z.array(view) }) },
        },
      },
      async () => {
        const states = await readStates(store.db);
        const subscriptions = shop.subscriptions.map((each) =>
          viewOf(each, states.get(each.name) ?? untouched),
        );
        return { subscriptions };
      },
    );

    server.get(
      `${path}/:name`,
      { config: { access }, schema: { summary: 'Show a subscription', params, response: { 200: view } } },
      async (request) => {
        const subscription = subscriptionOf(request.params.name);
        return viewOf(subscription, await readState(store.db, subscription.name));
      },
    );

    const change = async (name: string, userId: string, wanted: SubscriptionChange) => {
      const subscription = subscriptionOf(name);
      const outcome = await changeSubscription(store, { subscription, change: wanted, userId });
      if (outcome.kind === 'control') throw notPausable(subscription);
      if (outcome.kind === 'unchanged') throw alreadyIn(subscription, outcome.state);
      return viewOf(subscription, outcome.state);
    };

    server.post(
      `${path}/:name/pause`,
      {
        config: { access, problems: { 409: unchanged, 422: 'It cannot be paused' } },
        schema: {
          summary:
            'Pause a subscription: all instances of its service stop handling its messages, which are kept',
          description:
            'It stays paused until it is resumed, also over restarts. Commands expire meanwhile, and deadlines of sagas go on: an order whose replies or commands are paused is compensated.',
          params,
          body: z
            .object({ reason: plainText(500) })
            .meta({ examples: [{ reason: 'The mail server is being replaced' }] }),
          response: { 202: view },
        },
      },
      async (request, reply) => {
        const { name } = request.params;
        const { reason } = request.body;
        const changed = await change(name, currentUser(request).userId, { kind: 'pause', reason });
        return reply.code(202).header('location', `${path}/${name}`).send(changed);
      },
    );

    server.post(
      `${path}/:name/resume`,
      {
        config: { access, problems: { 409: unchanged, 422: 'It cannot be paused' } },
        schema: {
          summary: 'Resume a paused subscription',
          params,
          body: z.object({ reason: plainText(500).optional() }).nullish(),
          response: { 202: view },
        },
      },
      async (request, reply) => {
        const { name } = request.params;
        const reason = request.body?.reason;
        const changed = await change(name, currentUser(request).userId, { kind: 'resume', reason });
        return reply.code(202).header('location', `${path}/${name}`).send(changed);
      },
    );
  };

const subscriptionOf = (name: string): Subscription => {
  const subscription = shop.subscription(name);
  if (subscription === undefined) throw problem(404, 'not-found', 'The shop has no such subscription.');
  return subscription;
};

const notPausable = ({ name, service }: Subscription) =>
  problem(
    422,
    'not-pausable',
    `${name} cannot be paused or resumed: through it ${service} learns what was paused and resumed.`,
  );

const alreadyIn = ({ name }: Subscription, { state, change }: SubscriptionState) => {
  if (change === undefined)
    return problem(409, `already-${state}`, `${name} is active: it was never paused.`);
  const { since, by, reason } = change;
  const members = { since: since.toISOString(), by, ...(reason === undefined ? {} : { reason }) };
  const how = state === 'paused' ? 'is paused' : 'is active, it was resumed';
  const detail = `${name} ${how} since ${members.since}, by ${by}${reason === undefined ? '' : `: ${reason}`}.`;
  return problem(409, `already-${state}`, detail, { members });
};

const viewOf = (subscription: Subscription, { state, change }: SubscriptionState): z.input<typeof view> => ({
  name: subscription.name,
  service: subscription.service,
  ordered: subscription.ordered,
  contracts: subscription.to.map(({ type }) => type),
  state,
  pausable: !isControl(subscription),
  ...(change === undefined ? {} : { since: change.since.toISOString(), by: change.by }),
  ...(change?.reason === undefined ? {} : { reason: change.reason }),
});
