import { crashing } from './cases/crashing.ts';
import { deadLettering } from './cases/dead-lettering.ts';
import { delivering } from './cases/delivering.ts';
import { hostile } from './cases/hostile.ts';
import { ordering } from './cases/ordering.ts';
import { outage } from './cases/outage.ts';
import { publishing } from './cases/publishing.ts';
import { retrying } from './cases/retrying.ts';
import { sendingTo } from './cases/sending-to.ts';
import { stopping } from './cases/stopping.ts';
import { topology } from './cases/topology.ts';
import { volume } from './cases/volume.ts';
import { wiping } from './cases/wiping.ts';

/** What is checked with contracts and subscriptions of the case's own, so that several cases may run at one time. */
const independent = {
  publishing,
  delivering,
  retrying,
  'sending to one subscription': sendingTo,
  ordering,
  stopping,
  crashing,
};

/** What stops or wipes the broker, looks at all that it has, or takes the dead letters of everybody: one case after the other. */
const exclusive = {
  'dead-lettering': deadLettering,
  outage,
  topology,
  'hostile input': hostile,
  'a wiped broker': wiping,
  volume,
};

/** Everything that is checked, by what it is about. */
export const caseGroups = { ...independent, ...exclusive };

export const isIndependent = (group: string): boolean => Object.hasOwn(independent, group);

type Groups = typeof caseGroups;

/** The sentence that names a case; a skip of a case that does not exist is a type error. */
export type CaseTitle = { [Group in keyof Groups]: keyof Groups[Group] }[keyof Groups];
