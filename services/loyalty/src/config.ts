import { serviceConfig } from '@emporium/service';
import type { z } from 'zod';

export const config = serviceConfig;
export type Config = z.output<typeof config>;
