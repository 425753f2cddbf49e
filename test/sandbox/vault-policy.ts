// Vault's policies: what a token may do on which path.
import { isObject, jsonObject } from './json.ts';

export const CAPABILITIES = ['create', 'read', 'update', 'patch', 'delete', 'list', 'sudo', 'deny'] as const;

/** What a policy may allow on a path. */
export type Capability = (typeof CAPABILITIES)[number];

/** Path to capabilities. A path may end in `*`, and have `+` for one part. */
export type Policy = ReadonlyMap<string, readonly Capability[]>;

/** Reads a policy in its JSON form: `{"path": {"secret/data/x": {"capabilities": ["read"]}}}`. */
export function parsePolicy(text: string): Policy {
  const paths = jsonObject(Buffer.from(text))?.['path'];
  return new Map(
    Object.entries(isObject(paths) ? paths : {}).map(([path, rule]) => {
      const given = isObject(rule) ? rule['capabilities'] : undefined;
      const names: readonly unknown[] = Array.isArray(given) ? given : [];
      return [path, CAPABILITIES.filter((capability) => names.includes(capability))];
    }),
  );
}

/** What everybody with a token may do with it. */
export const DEFAULT_POLICY: Policy = new Map([
  ['auth/token/lookup-self', ['read']],
  ['auth/token/renew-self', ['update']],
  ['auth/token/revoke-self', ['update']],
]);

function matches(pattern: string, path: string): boolean {
  const isPrefix = pattern.endsWith('*');
  const wanted = (isPrefix ? pattern.slice(0, -1) : pattern).split('/');
  const given = path.split('/');
  if (isPrefix ? given.length < wanted.length : given.length !== wanted.length) return false;
  return wanted.every((part, index) => {
    const here = given[index] ?? '';
    if (part === '+') return here !== '';
    return isPrefix && index === wanted.length - 1 ? here.startsWith(part) : part === here;
  });
}

/** Whether policies together allow something on a path: the most exact pattern decides, and `deny` beats everything. */
export function isAllowed(policies: readonly Policy[], path: string, capability: Capability): boolean {
  const found = policies.flatMap((policy) => [...policy].filter(([pattern]) => matches(pattern, path)));
  const weight = (pattern: string): number =>
    (pattern.includes('*') || pattern.includes('+') ? 0 : 1_000_000) + pattern.replace(/[+*].*/, '').length;
  const heaviest = Math.max(...found.map(([pattern]) => weight(pattern)));
  const granted = found.filter(([pattern]) => weight(pattern) === heaviest).flatMap(([, names]) => names);
  return !granted.includes('deny') && granted.includes(capability);
}
