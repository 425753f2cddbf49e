// What `cdk synth` writes, as a deployment would take it.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { cdk } from '../aws/command-line.ts';

/** A function as the synthesized stacks would deploy it. */
export interface BuiltFunction {
  /** Absolute path of the bundle. */
  readonly bundle: string;
  readonly functionName: string;
  /** Milliseconds. */
  readonly timeout: number;
  /** Its environment, with references to the data stack's resources put in by the caller. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A folder that holds a synthesized assembly. */
export interface Assembly {
  readonly folder: string;
  /** Deletes it, where it was made for this. */
  readonly remove: () => Promise<void>;
}

/**
 * Synthesizes the stacks, without account and credentials.
 *
 * @throws Error with what the command line said
 */
export async function synthesize(): Promise<Assembly> {
  const folder = await mkdtemp(join(tmpdir(), 'test-bundles-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const { PATH = '', HOME = '' } = process.env;
  const { code, text } = await cdk(['synth', '--quiet', `--output=${folder}`], { PATH, HOME });
  if (code === 0) return { folder, remove };
  await remove();
  throw new Error(`The stacks can't be synthesized: ${text}`);
}

const value = v.union([v.string(), v.object({ 'Fn::ImportValue': v.string() })]);
const functionSchema = v.object({
  Type: v.literal('AWS::Lambda::Function'),
  Properties: v.object({
    FunctionName: v.string(),
    Timeout: v.number(),
    Code: v.object({ S3Key: v.string() }),
    Environment: v.object({ Variables: v.record(v.string(), value) }),
  }),
});
const templateSchema = v.object({ Resources: v.record(v.string(), v.unknown()) });
const outputsSchema = v.object({
  Outputs: v.record(
    v.string(),
    v.object({ Value: v.unknown(), Export: v.optional(v.object({ Name: v.string() })) }),
  ),
});
const refSchema = v.object({ Ref: v.string() });
const assetsSchema = v.object({
  files: v.record(v.string(), v.object({ source: v.object({ path: v.string() }) })),
});

const read = async (...path: string[]): Promise<unknown> => JSON.parse(await readFile(join(...path), 'utf8'));

/**
 * Reads one function out of a synthesized assembly.
 *
 * @param resources what the references `Bucket`, `Topic` and `VaultLogin` to the data stack stand for
 */
export async function readFunction(
  assembly: string,
  stack: string,
  functionName: string,
  resources: Readonly<Record<string, string>>,
): Promise<BuiltFunction> {
  const { Outputs } = v.parse(outputsSchema, await read(assembly, 'HubTokenAuditor-Data.template.json'));
  const exported = new Map<string, string>();
  for (const { Value, Export } of Object.values(Outputs)) {
    const ref = v.safeParse(refSchema, Value);
    const name = ref.success ? resources[ref.output.Ref.replace(/[0-9A-F]{8}$/, '')] : undefined;
    if (Export !== undefined && name !== undefined) exported.set(Export.Name, name);
  }
  const { Resources } = v.parse(templateSchema, await read(assembly, `${stack}.template.json`));
  const found = Object.values(Resources)
    .map((resource) => v.safeParse(functionSchema, resource))
    .flatMap((parsed) => (parsed.success ? [parsed.output.Properties] : []))
    .find((properties) => properties.FunctionName === functionName);
  if (found === undefined) throw new Error(`${stack} has no function ${functionName}`);
  const { files } = v.parse(assetsSchema, await read(assembly, `${stack}.assets.json`));
  const asset = files[found.Code.S3Key.replace(/\.zip$/, '')];
  if (asset === undefined) throw new Error(`${functionName} has no asset`);
  return {
    bundle: join(assembly, asset.source.path, 'index.mjs'),
    functionName,
    timeout: found.Timeout * 1000,
    environment: Object.fromEntries(
      Object.entries(found.Environment.Variables).map(([name, text]): [string, string] => {
        if (typeof text === 'string') return [name, text];
        const resolved = exported.get(text['Fn::ImportValue']);
        if (resolved === undefined)
          throw new Error(`${name} refers to ${text['Fn::ImportValue']}, which is unknown`);
        return [name, resolved];
      }),
    ),
  };
}
