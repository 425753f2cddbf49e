import { distance } from 'fastest-levenshtein';

/**
 * The naming rule (contract section 4): lower-case ASCII letters and digits in parts joined by single hyphens, at
 * least two parts, the last one (the country) letters only and at least two of them; 100 characters at most, which is
 * also Docker Hub's limit for a label.
 */
const RULE = /^[a-z0-9]+(?:-[a-z0-9]+)*-[a-z]{2,}$/;
const LONGEST = 100;

/** The naming rule for a sentence to a person. */
export const NAMING_RULE =
  'telco-country: lower-case letters and digits in parts joined by single hyphens, the last part (the country) letters only';

/** Whether a label, key or name follows the naming rule. */
export function isWellNamed(name: string): boolean {
  return name.length <= LONGEST && RULE.test(name);
}

/** The country of a well-formed name: its last part. */
export function countryOf(name: string): string {
  return name.slice(name.lastIndexOf('-') + 1);
}

/** The telco of a well-formed name: all but its last part. */
export function telcoOf(name: string): string {
  return name.slice(0, name.lastIndexOf('-'));
}

/** Whether a text can be the country of a name. */
export function isCountry(text: string): boolean {
  return /^[a-z]{2,}$/.test(text);
}

/** Letters of other alphabets that look like Latin ones in common fonts: those that turn up in pasted names. */
const LOOK_ALIKES = new Map(
  Object.entries({
    а: 'a', в: 'b', с: 'c', ԁ: 'd', е: 'e', һ: 'h', і: 'i', ј: 'j', к: 'k', ӏ: 'l', м: 'm', н: 'h', о: 'o',
    р: 'p', ѕ: 's', т: 't', х: 'x', у: 'y', ԝ: 'w', α: 'a', ε: 'e', ι: 'i', κ: 'k', ν: 'v', ο: 'o', ρ: 'p',
    τ: 't', υ: 'u', χ: 'x', ı: 'i', ø: 'o', ł: 'l', ß: 'ss', æ: 'ae', œ: 'oe',
  }),
); // prettier-ignore

/** A label brought as near to the naming rule as spelling goes: case, accents, look-alikes; any separator is a hyphen. */
function respelt(label: string): string {
  let plain = '';
  for (const letter of label
    .slice(0, 4 * LONGEST)
    .normalize('NFKD')
    .toLowerCase())
    plain += LOOK_ALIKES.get(letter) ?? letter;
  return plain.replace(/[\p{M}\p{Cf}]/gu, '').replace(/[^a-z0-9]/g, '-');
}

const joined = (name: string): string => name.replaceAll('-', '');

/** How many letters may differ for two spellings to be near: the shorter, the fewer. */
function tolerance(a: string, b: string): number {
  return Math.min(a.length, b.length) < 5 ? 1 : 2;
}

function isNear(a: string, b: string): boolean {
  const max = tolerance(a, b);
  return Math.abs(a.length - b.length) <= max && distance(a, b) <= max;
}

/** Whether two telcos of one country may be spellings of the same one: equal but for hyphens, or a letter or two apart. */
export function isNearTelco(a: string, b: string): boolean {
  return isNear(joined(a), joined(b));
}

/**
 * Where spellings of one length are looked up: by their first and by their last two letters. A typing error seldom hits
 * both ends, and comparing every label with every name would take hours where there are 100,000 of both.
 */
function endsOf(letters: string, length: number): string[] {
  return [`${length}:${letters.slice(0, 2)}-`, `${length}:-${letters.slice(-2)}`];
}

/** Finds the licensed deployment that a label that breaks the naming rule was probably meant to be. */
export type NameFinder = (label: string) => string | undefined;

/**
 * Makes a {@link NameFinder} over the licensed deployments. In this order, each only where it fits exactly one name:
 * the same spelling but for case, accents, look-alikes and separators; telco and country swapped; a letter or two
 * apart. A guess that fits two names is no guess.
 */
export function nameFinder(deployments: Iterable<string>): NameFinder {
  let index: NameIndex | undefined;
  return (label) => {
    const spelling = respelt(label);
    const letters = joined(spelling);
    if (letters.length < 4) return undefined;
    // Most nights nobody asks, and the index of a long list is large.
    index ??= indexOf(deployments);
    const { bySpelling, byEnds } = index;
    const only = (spellings: Iterable<string>): string | undefined => {
      const names = new Set([...spellings].flatMap((letterSet) => bySpelling.get(letterSet) ?? []));
      return names.size === 1 ? [...names][0] : undefined;
    };
    const swapped = joined(spelling.split('-').reverse().join('-'));
    const lengths = Array.from({ length: 5 }, (_, offset) => letters.length - 2 + offset);
    return (
      only([letters]) ??
      only([swapped]) ??
      only(
        lengths.flatMap((length) =>
          endsOf(letters, length)
            .flatMap((end) => byEnds.get(end) ?? [])
            .filter((candidate) => isNear(letters, candidate)),
        ),
      )
    );
  };
}

/** The licensed names by their letters, and these letters by length and ends. */
interface NameIndex {
  readonly bySpelling: ReadonlyMap<string, readonly string[]>;
  readonly byEnds: ReadonlyMap<string, readonly string[]>;
}

function indexOf(deployments: Iterable<string>): NameIndex {
  const bySpelling = new Map<string, string[]>();
  const byEnds = new Map<string, string[]>();
  const add = (map: Map<string, string[]>, key: string, value: string): void => {
    const found = map.get(key);
    if (found) found.push(value);
    else map.set(key, [value]);
  };
  for (const name of deployments) {
    const letters = joined(name);
    add(bySpelling, letters, name);
    for (const end of endsOf(letters, letters.length)) add(byEnds, end, letters);
  }
  return { bySpelling, byEnds };
}
