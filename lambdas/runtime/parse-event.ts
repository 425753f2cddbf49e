// What the events of all functions have in common: their fields' types, and how they are parsed.

import * as v from 'valibot';
import { isDay } from '../domain/days.ts';
import { AuditorError } from '../errors.ts';
import { concealContents, holdsContent } from '../text/conceal.ts';
import { escapeText } from '../text/display.ts';

/** A day before this is a typing error: `0026-03-02`, which the calendar takes for one of 1926 besides. */
const FIRST_DAY = '2000-01-01';

/** A day of an event. */
export const dayField = v.pipe(
  v.string('must be a day, written YYYY-MM-DD'),
  v.check(isDay, 'must be a day that exists, written YYYY-MM-DD'),
  v.check((day) => day >= FIRST_DAY, 'must be a day from 2000 on'),
);

/** A field that is true or false. */
export const flag = v.boolean('must be true or false');

/** What nobody sees; also the blanks that count as letters or signs. */
const UNSEEN = /[\p{Z}\p{C}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** A text for people: at most 500 characters, something to read among them. */
export const sentence = v.pipe(
  v.string('must be text'),
  v.trim(),
  v.check((text) => text.replace(UNSEEN, '') !== '', 'must not be empty'),
  v.maxLength(500, 'must be 500 characters at most'),
);

/** A label as it is at Docker Hub or in Vault: it may be misnamed. */
export const label = v.pipe(
  v.string('must be text'),
  v.minLength(1, 'must not be empty'),
  v.maxLength(100, 'must be 100 characters at most'),
);

/**
 * Parses an event by its strict schema: a misspelt field is refused, not ignored, because `{"dryrun": true}` must not
 * run. What may be a content of before 2022 is concealed before anything is done with it, but for the ids.
 *
 * @throws AuditorError `InvalidRequest`, naming every field that is wrong; also where a field holds a token's content
 */
export function parseEvent<Schema extends v.GenericSchema>(
  schema: Schema,
  event: unknown,
): v.InferOutput<Schema> {
  const [secret] = contentsIn(event);
  if (secret !== undefined)
    throw new AuditorError(
      'InvalidRequest',
      `Nothing was done, because ${secret} of the event holds what looks like a token's content, which must not get into mails, reports and logs; take it out and invoke again, and replace that token where others could read it.`,
    );
  // To the library a list is an object too, one without any fields.
  const parsed = v.safeParse(schema, Array.isArray(event) ? undefined : withConcealedTexts(event));
  if (parsed.success) return parsed.output;
  const problems = parsed.issues.map((issue) => {
    const field = v.getDotPath(issue);
    if (issue.type === 'strict_object' && issue.expected === 'never')
      return `${escapeText(field ?? '', 60)} is no field of this event`;
    if (issue.type === 'strict_object' && field !== null) return `${escapeText(field, 60)} is missing`;
    if (issue.type === 'strict_object') return 'the event must be a JSON object';
    return field === null ? issue.message : `${escapeText(field, 60)} ${issue.message}`;
  });
  throw new AuditorError(
    'InvalidRequest',
    `Nothing was done, because the event is not valid: ${[...new Set(problems)].join('; ')}; correct it and invoke again.`,
  );
}

/** Fields that hold ids, which look like contents of before 2022. */
const ID_FIELDS: ReadonlySet<string> = new Set(['tokenId', 'restoreRun']);

/** An event whose texts and names of fields hold nothing that looks like a content. */
function withConcealedTexts(value: unknown): unknown {
  if (typeof value === 'string') return concealContents(value);
  if (Array.isArray(value)) return value.map(withConcealedTexts);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]: [string, unknown]) => [
      concealContents(name),
      ID_FIELDS.has(name) && isId(entry) ? entry : withConcealedTexts(entry),
    ]),
  );
}

const isId = (value: unknown): boolean => typeof value === 'string' && /^[\w.:-]{1,100}$/.test(value);

/** Where in an event something like a token's content stands, in words that do not repeat it. */
function contentsIn(event: unknown, field?: string): string[] {
  const where = field === undefined ? 'a text' : `the field ${escapeText(concealContents(field), 60)}`;
  if (typeof event === 'string') return holdsContent(event) ? [where] : [];
  if (typeof event !== 'object' || event === null) return [];
  return Object.entries(event).flatMap(([name, value]) =>
    holdsContent(name) ? ['a name'] : contentsIn(value, field ?? (Array.isArray(event) ? undefined : name)),
  );
}
