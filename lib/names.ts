// The names of stages, stacks and functions.
/** Default of the configured `name`. */
export const DEFAULT_NAME = 'hub-token-auditor';

/** The three functions by their part of the name. */
export const FUNCTIONS = ['audit', 'issue', 'revoke'] as const;

/** One of the three functions. */
export type FunctionKind = (typeof FUNCTIONS)[number];

/** `<name>-audit`, `-issue`, `-revoke`: public interface, people and scripts invoke them by it. */
export function functionName(name: string, kind: FunctionKind): string {
  return `${name}-${kind}`;
}

/**
 * Names of the stacks: `hub-token-auditor` gives `HubTokenAuditor-Data`, another name other stacks, so that a second
 * stage stands beside the first. Different names never give the same stacks, because every part of a name begins with
 * a letter, see `config.ts`.
 */
export function stackNames(name: string): Readonly<Record<'data' | 'audit' | 'issue', string>> {
  const prefix = name
    .split('-')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
  return { data: `${prefix}-Data`, audit: `${prefix}-Audit`, issue: `${prefix}-Issue` };
}
