export type { BrokerSource, CreateTransport, RunningBroker, ServerControl } from './broker.ts';
export type { CaseTitle } from './cases.ts';
export { type Conformance, type Skip, testTransport } from './conformance.ts';
