// The naming rule of labels, keys and licensed deployments.

/** Docker Hub's own limit for a label, too. */
export const MAX_NAME_LENGTH = 100;

/**
 * The naming rule (contract section 4): lower-case ASCII letters and digits in parts joined by single hyphens, at
 * least two parts, the last one (the country) letters only and at least two of them.
 */
const RULE = /^[a-z0-9]+(?:-[a-z0-9]+)*-[a-z]{2,}$/;

/** The naming rule for a sentence to a person. */
export const NAMING_RULE =
  '<telco>-<country>: lower-case letters and digits in parts joined by single hyphens, the last part (the country) letters only';

/** Whether a label, key or name follows the naming rule. */
export function isWellNamed(name: string): boolean {
  return name.length <= MAX_NAME_LENGTH && RULE.test(name);
}

/** The country of a well-formed name: its last part. */
export function countryOf(name: string): string {
  return name.slice(name.lastIndexOf('-') + 1);
}

/** Whether a text can be the country of a name. */
export function isCountry(text: string): boolean {
  return /^[a-z]{2,}$/.test(text);
}
