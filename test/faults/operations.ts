// Every operation that is tried, with the usual systems and with the others that customers have.
import { AUDITS } from './audits.ts';
import type { Surroundings } from './fault-sandbox.ts';
import { ON_DEMAND } from './on-demand.ts';
import type { Operation } from './operation.ts';

const USUAL: readonly Operation[] = [...AUDITS, ...ON_DEMAND];

/** The same operations with other systems; named, so that one that is renamed is missed. */
function tried(suffix: string, systems: Surroundings, names: readonly string[]): Operation[] {
  return names.map((name) => {
    const operation = USUAL.find((usual) => usual.name === name);
    if (operation === undefined) throw new Error(`There is no operation ${name}.`);
    return { ...operation, name: `${name}, ${suffix}`, systems };
  });
}

/** Everything that the functions do. */
export const OPERATIONS: readonly Operation[] = [
  ...USUAL,
  // There a write replaces the secret, and is no check-and-set: all that reads values or writes keys.
  ...tried('with KV version 1', { kvVersion: 1 }, [
    'a night that switches off, switches on, deletes and announces',
    'a dry run that checks every key',
    'issuing a token',
    'issuing the first token, and making the secret for it',
    'regenerating a token without overlap',
    'regenerating a token whose predecessor keeps working',
    'renaming token and key',
    'deleting token and key',
  ]),
  // One of each function, and of what each does last.
  ...tried('with AWS login', { settings: { vaultLogin: 'aws-iam', vaultRole: 'auditor' } }, [
    'a night that switches off, switches on, deletes and announces',
    'a review that switches on and announces',
    'issuing a token',
    'deleting token and key',
  ]),
];
