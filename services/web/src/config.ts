import { processConfig } from '@emporium/service';
import type { z } from 'zod';

export const config = processConfig;
export type Config = z.output<typeof config>;
