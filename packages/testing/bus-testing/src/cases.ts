import { crashing } from './cases/crashing.ts';
import { deadLettering } from './cases/dead-lettering.ts';
import { delivering } from './cases/delivering.ts';
import { hostile } from './cases/hostile.ts';
import { ordering } from './cases/ordering.ts';
import { outage } from './cases/outage.ts';
import { publishing } from './cases/publishing.ts';
import { queues } from './cases/queues.ts';
import { retrying } from './cases/retrying.ts';
import { sendingTo } from './cases/sending-to.ts';
import { stopping } from './cases/stopping.ts';
import { topology } from './cases/topology.ts';
import { volume } from './cases/volume.ts';
import { wiping } from './cases/wiping.ts';

/** Cases with their own contracts and subscriptions, so that several may run at one time. */
const independent = {
  publishing,
  delivering,
  retrying,
  'sending to one subscription': sendingTo,
  ordering,
  stopping,
  crashing,
};

/** Cases that stop or reset the broker, look at all its topology, count messages of shared logs, or consume all dead letters: they run one after the other. */
const exclusive = {
  'dead-lettering': deadLettering,
  outage,
  topology,
  queues,
  'hostile input': hostile,
  'a reset of the broker': wiping,
  volume,
};

/** All cases, by topic. */
export const caseGroups = { ...independent, ...exclusive };

export const isIndependent = (group: string): boolean => Object.hasOwn(independent, group);

type Groups = typeof caseGroups;

/** The titles of all cases, so that skipping a case that does not exist is a type error. */
export type CaseTitle = { [Group in keyof Groups]: keyof Groups[Group] }[keyof Groups];
