// What the issue function returns, and how a repeated delivery gets the same answer.

import * as v from 'valibot';
import { DAY } from '../domain/days.ts';
import type { Ledger } from '../domain/ledger.ts';
import type { Settings } from '../runtime/settings.ts';
import { vaultLink } from '../text/vault-link.ts';

/** Lambda delivers a request again within hours, if at all. */
const KEPT = DAY;

/** The answer that was given to the same request before: one request delivered twice does not make two tokens. */
export function answered(ledger: Ledger, requestId: string): IssueResult | undefined {
  const found = ledger.answered.find((answer) => answer.requestId === requestId);
  if (requestId === '' || found === undefined) return undefined;
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), issueResultSchema), found.result);
  return parsed.success ? parsed.output : undefined;
}

/** Remembers an answer for a day, in place of an earlier one to the same request. */
export function rememberAnswer(ledger: Ledger, requestId: string, at: string, result: IssueResult): Ledger {
  if (requestId === '') return ledger;
  const kept = ledger.answered.filter(
    (answer) => answer.requestId !== requestId && Date.parse(at) - Date.parse(answer.at) < KEPT,
  );
  return { ...ledger, answered: [...kept, { requestId, at, result: JSON.stringify(result) }] };
}

/** What the issue function returns (contract section 9); it never holds the content. */
const issueResultSchema = v.object({
  deployment: v.string(),
  tokenId: v.string(),
  scopes: v.array(v.string()),
  createdAt: v.nullable(v.string()),
  /** Where the content is; `null` only where a token without a key was renamed. KV version 1 has no version. */
  vault: v.nullable(v.object({ path: v.string(), key: v.string(), version: v.optional(v.number()) })),
  pull: v.object({ verified: v.boolean(), image: v.string() }),
  replaced: v.array(v.object({ tokenId: v.string(), until: v.string() })),
  /** Lines to run on the deployment's server. */
  instructions: v.array(v.string()),
});

export type IssueResult = v.InferOutput<typeof issueResultSchema>;

/** The address of Vault's page of the tokens' secret. @param version 0 on a mount with KV version 1 */
export function tokensPage(settings: Settings, version: number): string {
  return vaultLink({
    address: settings.vaultAddr,
    namespace: settings.vaultNamespace,
    mount: settings.vaultMount,
    path: settings.vaultTokensPath,
    kvVersion: version === 0 ? 1 : 2,
  });
}
