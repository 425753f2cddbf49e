// Goes round what the emulator does not know: only in the synthesized templates, never in the stacks.
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { ACCOUNT, REGION } from './ministack.ts';

const statementsSchema = v.looseObject({ Statement: v.array(v.unknown()) });
const templateSchema = v.looseObject({
  Resources: v.record(v.string(), v.looseObject({ DependsOn: v.optional(v.array(v.string())) })),
});
const secretStatementSchema = v.looseObject({
  Action: v.pipe(v.string(), v.startsWith('secretsmanager:')),
});
const functionSchema = v.looseObject({
  Type: v.literal('AWS::Lambda::Function'),
  Properties: v.looseObject({
    Environment: v.optional(v.looseObject({ Variables: v.record(v.string(), v.unknown()) })),
  }),
});

/**
 * What the emulator refuses a whole template for: saved queries, alarms on more than one metric, and the library's
 * calls at deployment, which go by the SDK that Lambda has.
 */
const unknownSchema = v.union([
  v.looseObject({ Type: v.literal('Custom::AWS') }),
  v.looseObject({ Type: v.literal('AWS::Logs::QueryDefinition') }),
  v.looseObject({
    Type: v.literal('AWS::CloudWatch::Alarm'),
    Properties: v.looseObject({ Metrics: v.array(v.unknown()) }),
  }),
]);

/**
 * Prepares an assembly for ministack, which lacks some types, serves no TLS and so refuses what `aws:SecureTransport` guards, does not
 * know the condition `cloudwatch:namespace`, takes the name of a secret for its ARN, and leaves it to a function to know
 * where AWS is.
 */
export async function prepare(assembly: string, url: string): Promise<void> {
  for (const file of await readdir(assembly)) {
    if (!file.endsWith('.template.json')) continue;
    const path = join(assembly, file);
    const template: unknown = JSON.parse(await readFile(path, 'utf8'));
    const made = v.parse(templateSchema, prepared(template, url));
    for (const resource of Object.values(made.Resources))
      resource.DependsOn = resource.DependsOn?.filter((id) => id in made.Resources);
    await writeFile(path, JSON.stringify(made));
  }
}

function prepared(value: unknown, url: string): unknown {
  if (Array.isArray(value)) return value.map((inner) => prepared(inner, url));
  if (typeof value !== 'object' || value === null) return value;
  let known: object = value;
  if (v.is(statementsSchema, value))
    known = {
      ...value,
      Statement: value.Statement.filter((one) => !JSON.stringify(one).includes('aws:SecureTransport')),
    };
  else if (v.is(secretStatementSchema, value))
    known = {
      ...value,
      Resource: `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:hub-token-auditor/vault-login-*`,
    };
  else if (v.is(functionSchema, value) && value.Properties.Environment !== undefined)
    known = {
      ...value,
      Properties: {
        ...value.Properties,
        Environment: {
          Variables: { ...value.Properties.Environment.Variables, AWS_ENDPOINT_URL: url },
        },
      },
    };
  return Object.fromEntries(
    Object.entries(known)
      .filter(
        ([key, inner]) =>
          !(key === 'Condition' && JSON.stringify(inner).includes('cloudwatch:namespace')) &&
          !v.is(unknownSchema, inner),
      )
      .map(([key, inner]) => [key, prepared(inner, url)]),
  );
}
