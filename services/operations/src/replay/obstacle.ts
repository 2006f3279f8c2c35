import { maxBodyBytes } from '@emporium/bus';
import { shop } from '@emporium/contracts';
import type { DeadLetterSummary } from '../store/dead-letters.ts';

export type Obstacle = 'truncated' | 'too-big' | 'no-subscription';

type Measured = Pick<DeadLetterSummary, 'subscription' | 'size' | 'truncated_from'>;

/** Why an open dead letter cannot be sent again as it is; undefined when it can. */
export const obstacleOf = ({ subscription, size, truncated_from }: Measured): Obstacle | undefined => {
  if (shop.subscription(subscription) === undefined) return 'no-subscription';
  if (truncated_from !== null) return 'truncated';
  return size > maxBodyBytes ? 'too-big' : undefined;
};

export const describeObstacle = (obstacle: Obstacle, deadLetter: Measured): string => {
  const { subscription, size, truncated_from } = deadLetter;
  switch (obstacle) {
    case 'no-subscription':
      return `The subscription ${subscription} no longer exists.`;
    case 'truncated':
      return `Only the first ${size} of its ${truncated_from} bytes were kept: send it again from its source.`;
    case 'too-big':
      return `Its body has ${size} bytes, and a broker accepts ${maxBodyBytes} at most.`;
  }
};
