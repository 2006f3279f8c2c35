import { handlersFor } from '@emporium/store';
import type { Tables } from './tables.ts';

export const { handle, handleBatch, callOutside, unitOfWork } = handlersFor<Tables>();
