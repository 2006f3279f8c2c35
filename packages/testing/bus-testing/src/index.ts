export type {
  BrokerSource,
  CreateTransport,
  InjectedMessage,
  RunningBroker,
  ServerControl,
} from './broker.ts';
export type { CaseTitle } from './cases.ts';
export { type Conformance, type Skip, testTransport } from './conformance.ts';
export {
  aCommand,
  aMessage,
  anEvent,
  anOrderedSubscription,
  aSubscription,
  messages,
  textOf,
} from './fixtures.ts';
