// Whom an exemption was probably meant for whose label nothing has: nobody of them is cut off before that is cleared up.
import type { NameFinder } from './near-names.ts';

/**
 * The names that a label of an exemption probably means, as people write one for several: by another spelling, with
 * wildcards (`orange-*`), as the telco alone (`orange`), or with words around them (`orange-cd (base)`).
 *
 * @param names every name of a token, key or row
 */
export function namesMeant(label: string, names: readonly string[], finder: NameFinder): readonly string[] {
  const written = label.toLowerCase();
  if (/[*?%]/.test(written)) {
    const pattern = wildcardPattern(written);
    return names.filter((name) => pattern.test(name.toLowerCase()));
  }
  const words = new Set(written.split(/[^a-z0-9-]/));
  const named = names.filter((name) => words.has(name));
  if (named.length > 0) return named;
  // Some names of a telco may be near it, those of two letters more; the others are no less meant.
  const ofTelco = written.length < MIN_TELCO ? [] : names.filter((name) => name.startsWith(`${written}-`));
  return [...new Set([...finder.findNames(label), ...ofTelco])].sort();
}

/** More stars than these nobody means, and each takes its time: then everything is meant. */
const MAX_STARS = 5;

function wildcardPattern(written: string): RegExp {
  const parts = written.split(/[*%]+/);
  if (parts.length > MAX_STARS + 1) return /^/;
  const plain = parts.map((part) => part.replace(/[^a-z0-9?]/g, '\\$&').replaceAll('?', '.'));
  return new RegExp(`^${plain.join('.*')}$`);
}

/** Two letters are a country, and many names begin with one letter. */
const MIN_TELCO = 3;
