import { handlersFor } from '@emporium/store';
import type { Tables } from './tables.ts';

export const { handle } = handlersFor<Tables>();
