// Days pass in the sandbox, and code that asks the machine for the time is not to know.

/**
 * Replaces this process's `Date`, for whoever asks it for the time of the moment.
 *
 * @param now the time of the moment by the machine's, in milliseconds since 1970
 * @returns what gives the machine's time back
 */
export function replaceDate(now: (real: number) => number): () => void {
  const RealDate = Date;
  const instant = (): number => now(RealDate.now());
  globalThis.Date = new Proxy(RealDate, {
    construct: (real, given: [] | [number | string]): Date =>
      given.length === 0 ? new real(instant()) : new real(...given),
    get: (real, property): unknown => (property === 'now' ? instant : Reflect.get(real, property)),
  });
  return () => {
    globalThis.Date = RealDate;
  };
}
