import { handlersFor } from '@emporium/store';
import type { Tables } from './tables.ts';

export const { callOutside, handle, unitOfWork } = handlersFor<Tables>();
