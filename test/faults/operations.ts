import { AUDITS } from './audits.ts';
import { ON_DEMAND } from './on-demand.ts';
import type { Operation } from './operation.ts';

/** Everything that the functions do. */
export const OPERATIONS: readonly Operation[] = [...AUDITS, ...ON_DEMAND];
