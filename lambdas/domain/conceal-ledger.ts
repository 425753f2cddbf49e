/**
 * Conceals what an earlier version of the program wrote to `ledger.json` before it concealed labels: they have to leave
 * neither with a mail nor with the next ledger, and have to be those that the labels are read as today.
 */
import * as v from 'valibot';
import { concealContents, concealContentsBeside } from '../text/conceal.ts';

/** Fields whose texts are ids, which look like contents of before 2022. `by` is the token that replaced another. */
const ID_FIELDS: ReadonlySet<string> = new Set([
  'tokenId',
  'tokenIds',
  'claimedId',
  'by',
  'before',
  'inactive',
  'automatic',
  'lastAskedFor',
  'runId',
  'requestId',
]);

/** Field whose text is JSON itself: what the issue function answered. */
const JSON_FIELD = 'result';
const jsonText = v.pipe(v.string(), v.parseJson());

/** The ledger as it was parsed from JSON, whatever it is, without what looks like a token's content, ids aside. */
export function withoutContents(ledger: unknown): unknown {
  const ids = new Set<string>();
  collectIds(ledger, '', ids);
  return conceal(ledger, '', ids);
}

function collectIds(value: unknown, field: string, ids: Set<string>): void {
  if (typeof value === 'string') {
    if (ID_FIELDS.has(field)) ids.add(value);
    else if (field === JSON_FIELD) collectIds(parsed(value), '', ids);
  } else if (Array.isArray(value)) for (const entry of value) collectIds(entry, field, ids);
  else if (typeof value === 'object' && value !== null)
    for (const [name, entry] of Object.entries(value)) collectIds(entry, name, ids);
}

function conceal(value: unknown, field: string, ids: ReadonlySet<string>): unknown {
  if (typeof value === 'string') {
    const json = field === JSON_FIELD ? parsed(value) : undefined;
    // Ids stay, also in names that were put together of others, as that of a finding.
    return json === undefined ? concealContentsBeside(value, ids) : JSON.stringify(conceal(json, '', ids));
  }
  if (Array.isArray(value)) return value.map((entry) => conceal(entry, field, ids));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [concealContents(name), conceal(entry, name, ids)]),
  );
}

function parsed(text: string): unknown {
  const json = v.safeParse(jsonText, text);
  return json.success ? json.output : undefined;
}
