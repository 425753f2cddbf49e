// Findings of cdk-nag that are accepted, each with its reason.
import { type Stack, Validations } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import * as v from 'valibot';

/**
 * Accepts what a rule of cdk-nag found on one construct, with the reason: there is no acknowledging without one, and
 * none for a whole stack, which would hide what is added later.
 *
 * @param rules rule id, with the finding in brackets where a rule has several, to reason
 */
export function acknowledge(construct: IConstruct, rules: Readonly<Record<string, string>>): void {
  for (const [id, reason] of Object.entries(rules)) Validations.of(construct).acknowledge({ id, reason });
}

const joinSchema = v.object({ 'Fn::Join': v.tuple([v.literal(''), v.array(v.unknown())]) });
const importSchema = v.object({ 'Fn::ImportValue': v.string() });
const refSchema = v.object({ Ref: v.string() });

/** A resolved value as cdk-nag spells it: references in angle brackets, imports by the name of the export. */
function spelled(value: unknown): string {
  if (typeof value === 'string') return value;
  if (v.is(joinSchema, value)) return value['Fn::Join'][1].map(spelled).join('');
  if (v.is(importSchema, value)) return value['Fn::ImportValue'];
  if (v.is(refSchema, value)) return `<${value.Ref}>`;
  throw new TypeError(`cdk-nag's spelling of ${JSON.stringify(value)} is not known here`);
}

/** Id of cdk-nag's finding that a policy has a wildcard in one resource. */
export function wildcardFinding(stack: Stack, resource: string): string {
  return `AwsSolutions-IAM5[Resource::${spelled(stack.resolve(resource))}]`;
}
