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

/** Everything that is checked, by what it is about. */
export const caseGroups = {
  publishing,
  delivering,
  retrying,
  'dead-lettering': deadLettering,
  'sending to one subscription': sendingTo,
  ordering,
  stopping,
  crashing,
  outage,
  topology,
  'hostile input': hostile,
  'a wiped broker': wiping,
  volume,
};

type Groups = typeof caseGroups;

/** The sentence that names a case; a skip of a case that does not exist is a type error. */
export type CaseTitle = { [Group in keyof Groups]: keyof Groups[Group] }[keyof Groups];
