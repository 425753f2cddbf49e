// The stacks as tests look at them: references spelled out, policies as lines.
import { Template } from 'aws-cdk-lib/assertions';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterAll } from 'vitest';
import { buildApp } from '../../lib/auditor-app.ts';
import { CONTEXT_KEY } from '../../lib/config.ts';

/** A moment of deployment: 24 November 2026, noon in Brussels. */
export const DEPLOYED = Date.parse('2026-11-24T11:00:00Z');

/** What the apps of a test file synthesize into; left to itself, each would leave a folder behind. */
const assemblies = mkdtempSync(join(tmpdir(), 'assemblies-'));
afterAll(() => {
  rmSync(assemblies, { recursive: true, force: true });
});

/** A new folder for the assembly of one app. */
export function assemblyFolder(): string {
  return mkdtempSync(join(assemblies, 'app-'));
}

const contextSchema = v.object({ context: v.record(v.string(), v.unknown()) });

/** The context that `cdk.json` ships. */
export function shippedContext(): Record<string, unknown> {
  const file = readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8');
  return v.parse(contextSchema, JSON.parse(file)).context;
}

/** The app for a configuration, without bundling, which takes seconds and changes nothing but the assets. */
export function appOf(config: unknown, { now = DEPLOYED, deployRegion }: AppOptions = {}) {
  return buildApp(
    now,
    {
      outdir: assemblyFolder(),
      context: { ...shippedContext(), [CONTEXT_KEY]: config, 'aws:cdk:bundling-stacks': [] },
    },
    deployRegion,
  );
}

/** When and where a test deploys. */
export interface AppOptions {
  readonly now?: number;
  /** Region of the login at deployment. */
  readonly deployRegion?: string | undefined;
}

/** The three templates. */
export interface Templates {
  readonly data: Stack;
  readonly audit: Stack;
  readonly issue: Stack;
}

/** The templates of a configuration, with every reference readable. */
export function templatesOf(config: unknown, options: AppOptions = {}): Templates {
  const app = appOf(config, options);
  const exported = new Map<string, string>();
  const read = (stack: (typeof app)['data' | 'audit' | 'issue']): Stack => {
    const template = Template.fromStack(stack);
    const made = new Stack(stack.stackName, v.parse(templateSchema, template.toJSON()), exported);
    return made;
  };
  return { data: read(app.data), audit: read(app.audit), issue: read(app.issue) };
}

const resourceSchema = v.object({
  Type: v.string(),
  Properties: v.optional(v.record(v.string(), v.unknown()), {}),
  DeletionPolicy: v.optional(v.string()),
  UpdateReplacePolicy: v.optional(v.string()),
  DependsOn: v.optional(v.array(v.string()), []),
});

const templateSchema = v.object({
  Resources: v.record(v.string(), resourceSchema),
  Outputs: v.optional(
    v.record(
      v.string(),
      v.object({ Value: v.unknown(), Export: v.optional(v.object({ Name: v.string() })) }),
    ),
    {},
  ),
});

/** A resource with its references spelled out. */
export interface Resource {
  /** Logical id without the hash at its end. */
  readonly id: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly deletion: string | undefined;
  readonly dependsOn: readonly string[];
}

const statementSchema = v.object({
  Sid: v.optional(v.string()),
  Effect: v.string(),
  Action: v.union([v.string(), v.array(v.string())]),
  Resource: v.optional(v.union([v.string(), v.array(v.string())]), []),
  Principal: v.optional(v.unknown()),
  Condition: v.optional(v.unknown()),
});

const documentSchema = v.object({ Statement: v.array(statementSchema) });

/** One statement of a policy; lists are always lists. */
export interface Statement {
  readonly sid: string;
  readonly effect: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly principal?: unknown;
  readonly condition?: unknown;
}

const list = (value: string | readonly string[]): readonly string[] =>
  typeof value === 'string' ? [value] : value;

/** The statements of a policy document. */
export function statementsOf(document: unknown): Statement[] {
  return v.parse(documentSchema, document).Statement.map((statement) => ({
    sid: statement.Sid ?? '',
    effect: statement.Effect,
    actions: list(statement.Action),
    resources: list(statement.Resource),
    ...(statement.Principal === undefined ? {} : { principal: statement.Principal }),
    ...(statement.Condition === undefined ? {} : { condition: statement.Condition }),
  }));
}

const joinSchema = v.strictObject({ 'Fn::Join': v.tuple([v.string(), v.array(v.unknown())]) });
const attributeSchema = v.strictObject({ 'Fn::GetAtt': v.tuple([v.string(), v.string()]) });
const importSchema = v.strictObject({ 'Fn::ImportValue': v.string() });
const refSchema = v.strictObject({ Ref: v.string() });

const withoutHash = (id: string): string => id.replace(/[0-9A-F]{8}$/, '');

/** One stack's template: `{"Fn::GetAtt": ["Bucket83908E77", "Arn"]}` reads `<Bucket.Arn>`, in this stack and others. */
export class Stack {
  readonly name: string;
  readonly resources: readonly Resource[];
  /** What the stack tells people when it is deployed, by name. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** The template as text. */
  readonly text: string;

  constructor(name: string, template: v.InferOutput<typeof templateSchema>, exported: Map<string, string>) {
    this.name = name;
    this.text = JSON.stringify(template);
    const spell = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(spell);
      if (v.is(joinSchema, value)) return value['Fn::Join'][1].map(spell).join(value['Fn::Join'][0]);
      if (v.is(attributeSchema, value))
        return `<${withoutHash(value['Fn::GetAtt'][0])}.${value['Fn::GetAtt'][1]}>`;
      if (v.is(importSchema, value)) {
        const found = exported.get(value['Fn::ImportValue']);
        if (found === undefined) throw new Error(`Nothing exports ${value['Fn::ImportValue']}`);
        return found;
      }
      if (v.is(refSchema, value)) return `<${withoutHash(value.Ref)}>`;
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, spell(inner)]));
    };
    for (const { Value, Export } of Object.values(template.Outputs))
      if (Export !== undefined) exported.set(Export.Name, String(spell(Value)));
    this.outputs = Object.fromEntries(
      Object.entries(template.Outputs).flatMap(([id, { Value, Export }]) =>
        Export === undefined ? [[id, spell(Value)]] : [],
      ),
    );
    this.resources = Object.entries(template.Resources).map(([id, resource]) => ({
      id: withoutHash(id),
      type: resource.Type,
      properties: v.parse(v.record(v.string(), v.unknown()), spell(resource.Properties)),
      deletion: resource.DeletionPolicy,
      dependsOn: resource.DependsOn.map(withoutHash),
    }));
  }

  /** All resources of a type, `AWS::` left out. */
  all(type: string): readonly Resource[] {
    return this.resources.filter((resource) => resource.type === `AWS::${type}`);
  }

  /** The one resource of a type, `AWS::` left out, or the one of that id. */
  one(type: string, id?: string): Resource {
    const found = this.all(type).filter((resource) => id === undefined || resource.id === id);
    const [resource, ...others] = found;
    if (resource === undefined || others.length > 0)
      throw new Error(`${this.name} has ${found.length} ${type} ${id ?? ''}`);
    return resource;
  }

  /** Everything that a role is allowed or denied, and nothing that comes from elsewhere. */
  rightsOf(role: string): readonly Statement[] {
    const { properties } = this.one('IAM::Role', role);
    if ('ManagedPolicyArns' in properties || 'Policies' in properties)
      throw new Error(`${role} has rights beside its policies`);
    return this.all('IAM::Policy')
      .filter(({ properties: { Roles } }) => v.parse(v.array(v.string()), Roles).includes(`<${role}>`))
      .flatMap(({ properties: { PolicyDocument } }) => statementsOf(PolicyDocument));
  }
}

/** A role's rights as lines, `action on resource`, conditions left out: for exact comparison. */
export function lines(statements: readonly Statement[]): string[] {
  return statements
    .flatMap(({ effect, actions, resources }) =>
      actions.flatMap((action) =>
        resources.map((resource) => `${effect === 'Deny' ? 'never ' : ''}${action} on ${resource}`),
      ),
    )
    .sort();
}
