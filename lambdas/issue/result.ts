import * as v from 'valibot';

/** What the issue function returns (contract section 9); it never holds the content. */
export const issueResultSchema = v.object({
  deployment: v.string(),
  tokenId: v.string(),
  scopes: v.array(v.string()),
  createdAt: v.nullable(v.string()),
  /** Where the content is; `null` only where a token without a key was renamed. */
  vault: v.nullable(v.object({ path: v.string(), key: v.string(), version: v.number() })),
  pull: v.object({ verified: v.boolean(), image: v.string() }),
  replaced: v.array(v.object({ tokenId: v.string(), until: v.string() })),
  /** Lines to run on the deployment's server. */
  instructions: v.array(v.string()),
});

export type IssueResult = v.InferOutput<typeof issueResultSchema>;
