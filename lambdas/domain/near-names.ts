// Which licensed deployments a name may be another spelling of (contract section 4).
import { countriesNamed } from './countries.ts';
import { MAX_NAME_LENGTH } from './naming.ts';
import { SimilarWords } from './similar-words.ts';

/** Finds licensed deployments by what people may have written in their place. */
export interface NameFinder {
  /** The one deployment that a label was probably meant to be; `undefined` where none is, or several are. */
  readonly findName: (label: string) => string | undefined;
  /**
   * The deployments that a label was probably meant to be, sorted: those of the best fit alone. In this order: the same
   * spelling but for case, accents, look-alikes and separators; telco and country swapped; another spelling of the same
   * country; a typing error, or a telco that is the beginning of the other.
   */
  readonly findNames: (label: string) => readonly string[];
  /** Every deployment that may be another spelling of a name, however well it fits, sorted, without the name itself. */
  readonly nearNames: (name: string) => readonly string[];
}

/** Makes a {@link NameFinder} over the licensed deployments. */
export function nameFinder(deployments: Iterable<string>): NameFinder {
  // Most nights nobody asks, and the index of a long list is large.
  let index: NameIndex | undefined;
  const fitsOf = (label: string): Iterable<ReadonlySet<string>> =>
    (index ??= new NameIndex(deployments)).fitsOf(label);
  const findNames = remembering((label) => {
    for (const names of fitsOf(label)) if (names.size > 0) return sorted(names);
    return NONE;
  });
  return {
    findName: (label) => {
      const names = findNames(label);
      return names.length === 1 ? names[0] : undefined;
    },
    findNames,
    nearNames: remembering((name) => {
      const near = new Set<string>();
      for (const names of fitsOf(name)) for (const other of names) near.add(other);
      near.delete(name);
      return sorted(near);
    }),
  };
}

/** What a well-formed name is called by, whatever its country is called: equal for two spellings of one. */
export function spellingsOf(name: string): readonly string[] {
  return readingsOf(name.split('-')).map(keyOf);
}

/** The countries that a text names, in two letters. */
export const countriesOf = countriesNamed;

const NONE: readonly string[] = [];

/** Several rules ask of the same name. */
function remembering(find: (name: string) => readonly string[]): (name: string) => readonly string[] {
  const known = new Map<string, readonly string[]>();
  return (name) => {
    let names = known.get(name);
    if (names === undefined) known.set(name, (names = find(name)));
    return names;
  };
}

const sorted = (names: Iterable<string>): readonly string[] => [...names].sort();

/** Letters of other alphabets that look like Latin ones in common fonts: those that turn up in pasted names. */
const LOOK_ALIKES = new Map(
  Object.entries({
    а: 'a', в: 'b', с: 'c', ԁ: 'd', е: 'e', һ: 'h', і: 'i', ј: 'j', к: 'k', ӏ: 'l', м: 'm', н: 'h', о: 'o',
    р: 'p', ѕ: 's', т: 't', х: 'x', у: 'y', ԝ: 'w', α: 'a', ε: 'e', ι: 'i', κ: 'k', ν: 'v', ο: 'o', ρ: 'p',
    τ: 't', υ: 'u', χ: 'x', ı: 'i', ø: 'o', ł: 'l', ß: 'ss', æ: 'ae', œ: 'oe',
  }),
); // prettier-ignore

/** A label in lower-case Latin letters and digits, as parts: any other character separates two. */
function partsOf(label: string): string[] {
  let plain = '';
  for (const letter of label
    .slice(0, 4 * MAX_NAME_LENGTH)
    .normalize('NFKD')
    .toLowerCase())
    plain += LOOK_ALIKES.get(letter) ?? letter;
  return plain
    .replace(/[\p{M}\p{Cf}]/gu, '')
    .split(/[^a-z0-9]/)
    .filter((part) => part !== '');
}

/** What a name says: which telco, in which country. */
interface Reading {
  readonly telco: string;
  /** Two letters of ISO 3166-1. */
  readonly country: string;
}

/** No country's name has more parts than `papua-new-guinea` but those with `of the` in them. */
const MAX_COUNTRY_PARTS = 6;

/** A name read as telco and country, in this order, by the longest country that it ends with: `[]` where it ends with none. */
function readingsOf(parts: readonly string[]): Reading[] {
  for (let at = Math.max(1, parts.length - MAX_COUNTRY_PARTS); at < parts.length; at++) {
    const countries = countriesNamed(parts.slice(at).join(''));
    if (countries.length > 0) {
      const telco = parts.slice(0, at).join('');
      return countries.map((country) => ({ telco, country }));
    }
  }
  return [];
}

/** A name read as country and telco, the wrong way round. */
function swappedReadingsOf(parts: readonly string[]): Reading[] {
  for (let end = Math.min(parts.length - 1, MAX_COUNTRY_PARTS); end > 0; end--) {
    const countries = countriesNamed(parts.slice(0, end).join(''));
    if (countries.length > 0) {
      const telco = parts.slice(end).join('');
      return countries.map((country) => ({ telco, country }));
    }
  }
  return [];
}

const LONGEST_COUNTRY = 40;

/** A label without any separator, read with each country that its letters end with. */
function unseparatedReadings(letters: string): Reading[] {
  const readings: Reading[] = [];
  for (let at = Math.max(1, letters.length - LONGEST_COUNTRY); at < letters.length; at++)
    for (const country of countriesNamed(letters.slice(at)))
      readings.push({ telco: letters.slice(0, at), country });
  return readings;
}

const MIN_LETTERS = 4;

/** The licensed names by all that they are looked up by. */
class NameIndex {
  private readonly names: readonly string[];
  /** By their letters and digits without separators. */
  private readonly byLetters: ReadonlyMap<string, readonly string[]>;
  /** By country and telco, both ways round. */
  private readonly byReading: ReadonlyMap<string, readonly string[]>;
  private countries: ReadonlyMap<string, CountryTelcos> | undefined;
  private allLetters: SimilarWords | undefined;
  private lettersWithoutCountry: SimilarWords | undefined;

  constructor(deployments: Iterable<string>) {
    this.names = [...deployments];
    this.byLetters = groupByKeys(this.names, (name) => [name.replaceAll('-', '')]);
    this.byReading = groupByKeys(this.names, (name) => {
      const parts = name.split('-');
      return new Set([...readingsOf(parts), ...swappedReadingsOf(parts)].map(keyOf));
    });
  }

  /** The names that fit a label, the best fit first; what nobody asks for is not looked for. */
  *fitsOf(label: string): Generator<ReadonlySet<string>> {
    const parts = partsOf(label);
    const letters = parts.join('');
    if (letters.length < MIN_LETTERS) return;
    yield new Set(this.byLetters.get(letters));
    yield new Set(this.byLetters.get([...parts].reverse().join('')));
    const readings = readingsOf(parts);
    const loose = parts.length === 1 ? unseparatedReadings(letters) : swappedReadingsOf(parts);
    yield new Set([...readings, ...loose].flatMap((reading) => this.byReading.get(keyOf(reading)) ?? []));
    yield this.similarNames(letters, parts.length === 1 ? readingsOf(cutOffCountry(letters)) : readings);
  }

  /** The names a slip apart. Two names of two different countries are none. */
  private similarNames(letters: string, readings: readonly Reading[]): Set<string> {
    const found = new Set<string>();
    const add = (names: readonly string[] | undefined): void => {
      for (const name of names ?? []) found.add(name);
    };
    this.countries ??= telcosByCountry(this.names);
    for (const { telco, country } of readings)
      for (const other of this.countries.get(country)?.nearTelcos(telco) ?? [])
        add(this.byReading.get(keyOf({ telco: other, country })));
    const words =
      readings.length === 0
        ? (this.allLetters ??= new SimilarWords(this.byLetters.keys()))
        : (this.lettersWithoutCountry ??= new SimilarWords(
            this.names
              .filter((name) => readingsOf(name.split('-')).length === 0)
              .map((name) => name.replaceAll('-', '')),
          ));
    for (const word of words.similarTo(letters)) add(this.byLetters.get(word));
    return found;
  }
}

const keyOf = ({ telco, country }: Reading): string => `${country}/${telco}`;

/** A label without separators, its last two letters set apart: they are the country where they can be. */
const cutOffCountry = (letters: string): string[] => [letters.slice(0, -2), letters.slice(-2)];

function groupByKeys(
  names: readonly string[],
  keysOf: (name: string) => Iterable<string>,
): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const name of names)
    for (const key of keysOf(name)) {
      const found = groups.get(key);
      if (found) found.push(name);
      else groups.set(key, [name]);
    }
  return groups;
}

function telcosByCountry(names: readonly string[]): ReadonlyMap<string, CountryTelcos> {
  const telcos = new Map<string, string[]>();
  for (const name of names)
    for (const { telco, country } of readingsOf(name.split('-'))) {
      const found = telcos.get(country);
      if (found) found.push(telco);
      else telcos.set(country, [telco]);
    }
  return new Map([...telcos].map(([country, found]) => [country, new CountryTelcos(found)]));
}

/** A shorter telco is the beginning of too many. */
const MIN_BEGINNING = 3;

/** The licensed telcos of one country. */
class CountryTelcos {
  private readonly telcos: readonly string[];
  private readonly known: ReadonlySet<string>;
  private readonly similar: SimilarWords;

  constructor(telcos: readonly string[]) {
    this.known = new Set(telcos);
    this.telcos = [...this.known].sort();
    this.similar = new SimilarWords(this.known);
  }

  /** The telcos that are a slip away from one, or of which one is the beginning of the other. */
  nearTelcos(telco: string): Set<string> {
    const near = this.similar.similarTo(telco);
    for (let length = MIN_BEGINNING; length < telco.length; length++) {
      const beginning = telco.slice(0, length);
      if (this.known.has(beginning) && !cutsNumber(telco, length)) near.add(beginning);
    }
    if (telco.length >= MIN_BEGINNING)
      for (let at = this.firstFrom(telco); this.telcos[at]?.startsWith(telco) === true; at++) {
        const longer = this.telcos[at] ?? '';
        if (!cutsNumber(longer, telco.length)) near.add(longer);
      }
    return near;
  }

  /** Where in the sorted telcos those that begin with a text begin. */
  private firstFrom(text: string): number {
    let low = 0;
    let high = this.telcos.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.telcos[middle] ?? '') < text) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Whether a place in a telco is within a number: `shop1` is no beginning of `shop12`. */
function cutsNumber(telco: string, at: number): boolean {
  return /\d\d/.test(telco.slice(at - 1, at + 1));
}
