// Which of many words are a typing error apart from a given one, without comparing it with each of them.

/**
 * Whether two words may be spellings of one: equal, or two slips apart at most (one where the shorter has fewer than five
 * letters). A slip is a letter too many, missing or wrong, or two neighbours that changed places. Two different numbers
 * in them are no slip: who counts `shop1` and `shop2` means two.
 */
export function isSimilar(a: string, b: string): boolean {
  if (!haveSameNumbers(a, b)) return false;
  const max = maxSlips(Math.min(a.length, b.length));
  return wordsWithin([b], a, { head: 0, inHead: max, max }).length > 0;
}

/** Words that can be looked up by what is similar to them. */
export class SimilarWords {
  /** By the numbers in them, sorted; and written backwards, sorted. */
  private readonly groups = new Map<string, { readonly words: string[]; readonly backwards: string[] }>();

  constructor(words: Iterable<string>) {
    for (const word of new Set(words)) {
      const numbers = numbersIn(word);
      // A digit or two may be slips themselves: such a word is also looked for among those without a number.
      const digits = numbers.replaceAll('.', '').length;
      for (const group of new Set(digits <= MAX_SLIPS ? [numbers, ''] : [numbers])) this.add(group, word);
    }
    for (const { words, backwards } of this.groups.values()) {
      words.sort();
      backwards.sort();
    }
  }

  /** The words that are similar to one ({@link isSimilar}), that one too if it is among them. */
  similarTo(word: string): Set<string> {
    const found = new Set<string>();
    for (const numbers of new Set([numbersIn(word), '']))
      for (const candidate of this.candidatesFor(word, numbers))
        if (isSimilar(word, candidate)) found.add(candidate);
    return found;
  }

  private add(numbers: string, word: string): void {
    const group = this.groups.get(numbers) ?? { words: [], backwards: [] };
    group.words.push(word);
    group.backwards.push(backwards(word));
    this.groups.set(numbers, group);
  }

  /**
   * Of all slips at least one is in the second half of a word, or none is: two searches, the one from the front with
   * fewer slips in the first half, the other from the back with none in the second, look at far fewer words than one.
   */
  private candidatesFor(word: string, numbers: string): string[] {
    const group = this.groups.get(numbers);
    if (group === undefined) return [];
    const max = maxSlips(word.length);
    const head = word.length >> 1;
    const tail = word.length - head;
    return [
      ...wordsWithin(group.words, word, { head, inHead: max - 1, max }),
      ...wordsWithin(group.backwards, backwards(word), { head: tail, inHead: 0, max }).map(backwards),
    ];
  }
}

const backwards = (word: string): string => Array.from(word).reverse().join('');

const MAX_SLIPS = 2;
const maxSlips = (length: number): number => (length < 5 ? 1 : MAX_SLIPS);

/** The numbers in a word, without leading zeros. */
function numbersIn(word: string): string {
  return (word.match(/\d+/g) ?? []).map((digits) => digits.replace(/^0+(?=\d)/, '')).join('.');
}

function haveSameNumbers(a: string, b: string): boolean {
  const [ofA, ofB] = [numbersIn(a), numbersIn(b)];
  return ofA === ofB || ofA === '' || ofB === '';
}

/** How many slips a search allows: fewer up to a letter of the word, all of them behind it. */
interface Allowance {
  readonly head: number;
  readonly inHead: number;
  readonly max: number;
}

/**
 * The words at most so many slips from one. In a sorted list those with the same beginning stand together: what was
 * counted for it is counted once, and where it has too many slips already they are all left out.
 */
function wordsWithin(sorted: readonly string[], word: string, { head, inHead, max }: Allowance): string[] {
  const found: string[] = [];
  // Row n: slips between the first n letters of a candidate and each beginning of the word.
  const rows = [Uint16Array.from({ length: word.length + 1 }, (_, index) => index)];
  const limitAt = (index: number): number => (index <= head ? inHead : max);
  let before = '';
  for (let at = 0; at < sorted.length;) {
    const candidate = sorted[at] ?? '';
    let depth = commonLength(before, candidate);
    let isNear = true;
    while (isNear && depth < candidate.length) {
      depth += 1;
      isNear = fillRow(rows, word, candidate, depth).some((slips, index) => slips <= limitAt(index));
    }
    before = candidate.slice(0, depth);
    if (isNear && (rows[depth]?.[word.length] ?? Infinity) <= max) found.push(candidate);
    at = isNear ? at + 1 : firstWithout(sorted, before, at);
  }
  return found;
}

function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}

/** Fills the row of a depth and returns it, for the candidate's letter there (restricted Damerau-Levenshtein distance). */
function fillRow(rows: Uint16Array[], word: string, candidate: string, depth: number): Uint16Array {
  const row = (rows[depth] ??= new Uint16Array(word.length + 1));
  const letter = candidate[depth - 1];
  const letterBefore = candidate[depth - 2];
  const above = rows[depth - 1] ?? row;
  const twoAbove = rows[depth - 2] ?? row;
  row[0] = depth;
  for (let index = 1; index <= word.length; index++) {
    let slips = (above[index - 1] ?? 0) + (word[index - 1] === letter ? 0 : 1);
    slips = Math.min(slips, (above[index] ?? 0) + 1, (row[index - 1] ?? 0) + 1);
    if (word[index - 1] === letterBefore && word[index - 2] === letter)
      slips = Math.min(slips, (twoAbove[index - 2] ?? 0) + 1);
    row[index] = slips;
  }
  return row;
}

/** Where, from a place on, the words that begin like those there end: found in steps that double, and then halve. */
function firstWithout(sorted: readonly string[], beginning: string, from: number): number {
  const begins = (at: number): boolean => sorted[at]?.startsWith(beginning) === true;
  let step = 1;
  while (begins(from + step)) step *= 2;
  let low = from + Math.floor(step / 2);
  let high = from + step;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (begins(middle)) low = middle;
    else high = middle;
  }
  return high;
}
