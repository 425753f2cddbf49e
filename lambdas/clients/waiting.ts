const SECOND = 1000;
const DAY = 86_400 * SECOND;

/** From here on a number can't be meant as seconds to wait: it is a moment in unix seconds (2001-09-09). */
const UNIX_SECONDS = 1e9;
/** From here on it is a moment in unix milliseconds. */
const UNIX_MILLISECONDS = 1e12;

/**
 * The moment that a header names, in milliseconds since 1970: seconds from now, unix time in seconds or milliseconds,
 * or an HTTP date. `undefined` where it can't be read, or names a moment more than a day ahead: that is no credible
 * wish, and handed to a timer it would overflow into no wait at all.
 *
 * @see RFC 9110, section 10.2.3 (Retry-After)
 */
export function momentOf(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? '';
  let moment = NaN;
  if (/^\d+(?:\.\d+)?$/.test(text)) {
    const number = Number(text);
    if (number >= UNIX_MILLISECONDS) moment = number;
    else if (number >= UNIX_SECONDS) moment = number * SECOND;
    else moment = now + number * SECOND;
  } else if (/^[A-Z][a-z]{2,8}, .* GMT$/.test(text)) {
    moment = Date.parse(text);
  }
  return Number.isFinite(moment) && moment <= now + DAY ? moment : undefined;
}

/** Reads a header of an answer by its lower-case name. */
export type ReadHeader = (name: string) => string | undefined;

/**
 * How long a 429 asks to wait, in milliseconds, at least one second: the longest of `Retry-After` and
 * `X-Retry-After`; without either, until `X-RateLimit-Reset` where nothing remains. `undefined` where it does not say.
 */
export function waitTold(header: ReadHeader, now: number): number | undefined {
  const told = ['retry-after', 'x-retry-after']
    .map((name) => momentOf(header(name), now))
    .filter((moment) => moment !== undefined);
  if (told.length === 0 && header('x-ratelimit-remaining') === '0') {
    const reset = momentOf(header('x-ratelimit-reset'), now);
    if (reset !== undefined) told.push(reset);
  }
  return told.length === 0 ? undefined : Math.max(Math.ceil(Math.max(...told) - now), SECOND);
}
