// The functions as they are deployed: the built bundles, loaded once and called again and again, as warm functions are.
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as v from 'valibot';
import { AuditorError, ERROR_NAMES } from '../../lambdas/errors.ts';
import { ENV } from '../../lambdas/runtime/settings.ts';
import type { Functions } from '../audit/scenario.ts';
import { type BuiltFunction, readFunction } from '../bundles/assembly.ts';
import type { HttpSandbox } from '../sandbox/http-sandbox.ts';

type Kind = keyof Functions;

/** What a life looks at of what a bundle returns. */
const actionsSchema = v.array(
  v.object({
    kind: v.picklist(['announce', 'deactivate', 'delete-token', 'remove-key', 'reactivate']),
    deployment: v.string(),
    tokenId: v.optional(v.string()),
    status: v.picklist(['planned', 'done', 'failed', 'skipped', 'withheld']),
    reason: v.string(),
  }),
);
const auditSchema = v.object({ report: v.string(), actions: actionsSchema });
const issueSchema = v.object({ deployment: v.string(), tokenId: v.string() });
const revokeSchema = v.object({ actions: actionsSchema });

const bundleSchema = v.object({ handler: v.function() });

/** What Lambda tells a function about one event. */
interface Call {
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Variables that say where a system is, or what one life needs: of the sandbox. All others are the template's. */
const OF_THE_SANDBOX: ReadonlySet<string> = new Set([
  ENV.dockerHubUrl,
  ENV.dockerAuthUrl,
  ENV.dockerRegistryUrl,
  ENV.vaultAddr,
  ENV.maxWithdrawals,
  ENV.maxWithdrawalPercent,
  ENV.timeZone,
]);

/** The three built functions at work in one sandbox. */
export class BundledFunctions {
  private readonly built: Readonly<Record<Kind, BuiltFunction>>;
  private readonly sandbox: HttpSandbox;

  private constructor(built: Readonly<Record<Kind, BuiltFunction>>, sandbox: HttpSandbox) {
    this.built = built;
    this.sandbox = sandbox;
  }

  /** @param assembly folder of a synthesized assembly */
  static async load(assembly: string, sandbox: HttpSandbox): Promise<BundledFunctions> {
    const resources = {
      Bucket: sandbox.aws.bucketName,
      Topic: sandbox.aws.topicArn,
      VaultLogin: sandbox.settings.vaultLoginSecret,
    };
    const of = (stack: string, kind: Kind): Promise<BuiltFunction> =>
      readFunction(assembly, stack, `hub-token-auditor-${kind}`, resources);
    const [audit, issue, revoke] = await Promise.all([
      of('HubTokenAuditor-Audit', 'audit'),
      of('HubTokenAuditor-Issue', 'issue'),
      of('HubTokenAuditor-Issue', 'revoke'),
    ]);
    for (const { bundle } of [audit, issue, revoke]) await loadAll(dirname(bundle));
    return new BundledFunctions({ audit, issue, revoke }, sandbox);
  }

  /** The functions for one caller. */
  for(call: Call): Functions {
    return {
      audit: async (event) => v.parse(auditSchema, await this.invoke('audit', event, call)),
      issue: async (event) => v.parse(issueSchema, await this.invoke('issue', event, call)),
      revoke: async (event) => v.parse(revokeSchema, await this.invoke('revoke', event, call)),
    };
  }

  private async invoke(kind: Kind, event: object, { requestId, now }: Call): Promise<unknown> {
    const { bundle, functionName, timeout, environment } = this.built[kind];
    const outside = Object.entries(this.sandbox.environment).filter(
      ([name]) => name.startsWith('AWS_') || OF_THE_SANDBOX.has(name),
    );
    Object.assign(process.env, environment, Object.fromEntries(outside), {
      AWS_LAMBDA_FUNCTION_NAME: functionName,
    });
    const end = now() + timeout;
    const { handler } = v.parse(bundleSchema, await import(pathToFileURL(bundle).href));
    try {
      return await handler(structuredClone(event), {
        awsRequestId: requestId,
        functionName,
        getRemainingTimeInMillis: () => end - now(),
      });
    } catch (error) {
      throw asOurs(error);
    }
  }
}

/** Loads what a bundle would load when it is needed: while it does, no request is under way, and time would fly. */
async function loadAll(folder: string): Promise<void> {
  const files = await readdir(folder, { recursive: true });
  for (const file of files.filter((name) => name.endsWith('.mjs')))
    await import(pathToFileURL(join(folder, file)).href);
}

/** An error of a bundle, whose classes are its own: by its name, as Lambda reports it. */
function asOurs(error: unknown): unknown {
  const name = error instanceof Error ? ERROR_NAMES.find((known) => known === error.name) : undefined;
  return name === undefined || !(error instanceof Error) ? error : new AuditorError(name, error.message);
}
