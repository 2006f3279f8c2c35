import type { Broker, Cluster, Kafka, PartitionAssigner } from 'kafkajs';

/** The cluster of a consumer of its own. kafkajs shows its clusters to partition assigners alone. */
export const clusterOf = (client: Kafka): Cluster => {
  let found: Cluster | undefined;
  const assigner: PartitionAssigner = ({ cluster }) => {
    found = cluster;
    const unused = () => {
      throw new Error('this consumer never joins a group');
    };
    return { name: 'none', version: 0, assign: unused, protocol: unused };
  };
  client.consumer({ groupId: 'none', partitionAssigners: [assigner], allowAutoTopicCreation: false });
  return mustBeFound(found);
};

/** Throws when kafkajs did not create its partition assigners together with the consumer, as 2.2 does. */
export const mustBeFound = <T>(found: T | undefined): T => {
  if (found === undefined) throw new Error('kafkajs gave no cluster: it must be 2.2');
  return found;
};

export type FindCoordinator = Cluster['findGroupCoordinator'];

/**
 * Calls `beforeJoin` each time the consumer of this cluster is about to join its group, and gives it the original lookup. kafkajs
 * reports a rebalance only when it is over, but looks for the coordinator right before it joins.
 */
export const interceptJoin = (
  cluster: Cluster,
  beforeJoin: (findCoordinator: FindCoordinator, groupId: string) => Promise<Broker>,
): FindCoordinator => {
  const find = cluster.findGroupCoordinator.bind(cluster);
  cluster.findGroupCoordinator = ({ groupId }) => beforeJoin(find, groupId);
  return find;
};
