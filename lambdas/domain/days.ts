/**
 * Calendar days. Licenses end on days of the configured time zone, so days are compared as days: `YYYY-MM-DD`,
 * whose order as text is their order in time. Instants are milliseconds since 1970.
 */

/** A calendar day, `YYYY-MM-DD`. */
export type Day = string;

/** The day that means "no end" in the license list. */
export const NO_END: Day = '9999-12-31';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatFor(timeZone: string): Intl.DateTimeFormat {
  // A format takes longer to make than to use by orders of magnitude.
  return remembered(
    formats,
    timeZone,
    () =>
      new Intl.DateTimeFormat('en-CA', {
        timeZone,
        calendar: 'gregory',
        numberingSystem: 'latn',
        year: 'numeric',
        month: '2-digit',
        day: '2-digit',
        hour: '2-digit',
        minute: '2-digit',
        second: '2-digit',
        hourCycle: 'h23',
      }),
  );
}

/** What is known of a key, made where nothing is yet. */
function remembered<Key, Value>(known: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = known.get(key);
  if (value === undefined) known.set(key, (value = make()));
  return value;
}

/** The wall clock of a time zone at an instant, as if it were UTC, in milliseconds. */
function wallClock(instant: number, timeZone: string): number {
  const parts = new Map(
    formatFor(timeZone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
}

/** How far a time zone's wall clock is ahead of UTC at an instant, in milliseconds. */
function offsetAt(instant: number, timeZone: string): number {
  const second = Math.floor(instant / 1000) * 1000;
  return wallClock(second, timeZone) - second;
}

/** By time zone and day of UTC: the offset through all of that day, `null` where clocks change on it. */
const offsets = new Map<string, Map<number, number | null>>();

/** {@link offsetAt}, asked of the format only twice a day: a report has the days of 100,000 instants. */
function offsetOf(instant: number, timeZone: string): number {
  const ofZone = remembered(offsets, timeZone, () => new Map<number, number | null>());
  const day = Math.floor(instant / DAY);
  const known = remembered(ofZone, day, () => {
    const begin = offsetAt(day * DAY, timeZone);
    return begin === offsetAt((day + 1) * DAY, timeZone) ? begin : null;
  });
  return known ?? offsetAt(instant, timeZone);
}

/** The calendar day of an instant in a time zone. */
export function dayOf(instant: number, timeZone: string): Day {
  return dayOfNumber(Math.floor((instant + offsetOf(instant, timeZone)) / DAY));
}

/**
 * The instant at which the wall clock of a time zone shows an hour of a day: the later one where clocks skip it, the first
 * where they show it twice.
 */
function instantOf(day: Day, hour: number, timeZone: string): number {
  const wanted = Date.parse(`${day}T00:00:00Z`) + Math.round(hour * HOUR);
  // By the offsets of the day before and of the day after: they differ only where clocks change.
  const before = wanted - offsetOf(wanted - DAY, timeZone);
  const after = wanted - offsetOf(wanted + DAY, timeZone);
  const early = Math.min(before, after);
  return wallClock(early, timeZone) === wanted ? early : Math.max(before, after);
}

/** The instant at which a day's clock shows a time, `HH:MM`, in a time zone. */
export function instantAt(day: Day, time: string, timeZone: string): number {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  return instantOf(day, hour + minute / 60, timeZone);
}

/** The time of day of an instant in a time zone, `HH:MM`. */
export function timeOf(instant: number, timeZone: string): string {
  return new Date(instant + offsetOf(instant, timeZone)).toISOString().slice(11, 16);
}

/** Noon of a day in a time zone: `asOf` judges as at that instant. */
export function noonOf(day: Day, timeZone: string): number {
  return instantOf(day, 12, timeZone);
}

/** The Monday of the week that a day is in. */
export function mondayOn(day: Day): Day {
  return addDays(day, -((new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7));
}

/** The numbers of days, counted from 1 January 1970. There are few, and each is asked for often. */
const numbers = new Map<Day, number>();

/** A day's number; `NaN` where it does not exist or is not written `YYYY-MM-DD`. */
function numberOf(text: string): number {
  return remembered(numbers, text, () => {
    const instant = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
    if (Number.isNaN(instant)) return NaN;
    // JavaScript takes 30 February for 2 March: only what comes back as it went in is a day.
    return new Date(instant).toISOString().slice(0, 10) === text ? Math.round(instant / DAY) : NaN;
  });
}

const days = new Map<number, Day>();

/** The day of a number; beyond the year 9999 {@link NO_END}. */
function dayOfNumber(number: number): Day {
  return remembered(days, number, () => {
    const text = new Date(number * DAY).toISOString();
    return /^\d{4}-/.test(text) ? text.slice(0, 10) : NO_END;
  });
}

/** The day so many days later; days beyond the year 9999 are {@link NO_END}. */
export function addDays(day: Day, count: number): Day {
  return dayOfNumber(numberOf(day) + count);
}

/** How many days after `from` the day `to` is; negative when before. */
export function daysBetween(from: Day, to: Day): number {
  return numberOf(to) - numberOf(from);
}

/** Whether a text is a day that exists, written `YYYY-MM-DD`: `2026-02-30` is not. */
export function isDay(text: string): boolean {
  return !Number.isNaN(numberOf(text));
}

/** The last instant that is written with a year of four digits. */
const LAST_INSTANT = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** An instant as the ledger and the report write it; one that has no such form is the last or the first that has. */
export function iso(instant: number): string {
  return new Date(Math.min(Math.max(instant, 0), LAST_INSTANT)).toISOString();
}
