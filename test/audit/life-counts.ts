// The numbers that a night's mail and page give, read from their texts as a person reads them.

/** What is counted in deployments, as the mail's closing line says it, and as the page's headline does. */
const COUNTED = new Map([
  ["can't pull", "can't pull"],
  ['to decide', 'withheld'],
  ['to fix', 'to fix'],
]);

/** The counts of the mail's closing line. A list that shrank leaves what is to fix out of the page's headline. */
export function countsOfMail(text: string): ReadonlyMap<string, number> {
  const flat = text.replace(/\s+/g, ' ');
  const closing = /Still open: ([^.]*)\./.exec(flat)?.[1] ?? '';
  const isDoubted = flat.includes('Nobody is cut off until that is cleared up');
  return new Map(
    [...COUNTED.keys()]
      .filter((what) => what !== 'to fix' || !isDoubted)
      .map((what) => [what, numberBefore(what, closing)]),
  );
}

/** The counts of the page's headline, by the words of the mail. */
export function countsOfPage(page: string): ReadonlyMap<string, number> {
  const title = (/<title>([^<]*)<\/title>/.exec(page)?.[1] ?? '').replaceAll('&#39;', "'");
  return new Map([...COUNTED].map(([what, words]) => [what, numberBefore(words, title)]));
}

const numberBefore = (words: string, text: string): number =>
  Number(new RegExp(`(\\d+) ${words}`).exec(text)?.[1] ?? 0);
