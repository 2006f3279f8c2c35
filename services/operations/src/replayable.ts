import { maxBodyBytes } from '@emporium/bus';
import { shop } from '@emporium/contracts';

interface Letter {
  readonly subscription: string;
  readonly size: number;
  readonly truncated_from: number | null;
}

export type Obstacle = 'truncated' | 'too-big' | 'no-subscription';

/** Why an open letter cannot be sent again as it is; undefined when it can. Known from the list, before anybody tries. */
export const obstacleOf = ({ subscription, size, truncated_from }: Letter): Obstacle | undefined => {
  if (shop.subscription(subscription) === undefined) return 'no-subscription';
  if (truncated_from !== null) return 'truncated';
  return size > maxBodyBytes ? 'too-big' : undefined;
};

/** The same as a sentence for people. */
export const describeObstacle = (obstacle: Obstacle, letter: Letter): string => {
  const { subscription, size, truncated_from } = letter;
  switch (obstacle) {
    case 'no-subscription':
      return `There is no subscription ${subscription} any more.`;
    case 'truncated':
      return `Only the first ${size} of its ${truncated_from} bytes were kept: send it again from where it came from.`;
    case 'too-big':
      return `Its body has ${size} bytes, and a broker takes ${maxBodyBytes} at most.`;
  }
};
