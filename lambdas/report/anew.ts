/**
 * Something long that is never held whole: each time it is gone through, it is made anew. A report of 100,000
 * deployments is some 60 MB of text, and a function has other uses for its memory.
 */
export function anew<Item>(make: () => Iterable<Item>): Iterable<Item> {
  return { [Symbol.iterator]: () => make()[Symbol.iterator]() };
}
