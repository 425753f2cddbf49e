// When nights come, and how days and times are written for people.
import { type Day, NO_END, addDays, dayOf, instantAt, timeOf } from './days.ts';

/** When the nightly run comes. */
export interface Schedule {
  readonly timeZone: string;
  /** Local time, `HH:MM`. */
  readonly nightlyAt: string;
}

/** So late after its time a night may begin: the scheduler promises the minute, and a function has to start. */
export const LATE_START = 2 * 60_000;

/** The first nightly run at an instant or after it. */
export function nextNight(from: number, { timeZone, nightlyAt }: Schedule): number {
  const today = dayOf(from, timeZone);
  const tonight = instantAt(today, nightlyAt, timeZone);
  return tonight >= from ? tonight : instantAt(addDays(today, 1), nightlyAt, timeZone);
}

/** The first instant after the whole of a day. */
export function endOfDay(day: Day, timeZone: string): number {
  return instantAt(addDays(day, 1), '00:00', timeZone);
}

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
const MONTHS = [
  'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November',
  'December',
] as const; // prettier-ignore

const weekdayOf = (day: Day): string => WEEKDAYS[new Date(`${day}T00:00:00Z`).getUTCDay()] ?? '';
const monthOf = (day: Day): string => MONTHS[Number(day.slice(5, 7)) - 1] ?? '';
const dateOf = (day: Day): number => Number(day.slice(8));

/** `3 Dec`, with the year where it is another one than today's; `no end` for a license without one. */
export function shortDay(day: Day, today: Day): string {
  if (day === NO_END) return 'no end';
  const year = day.slice(0, 4);
  return `${dateOf(day)} ${monthOf(day).slice(0, 3)}${year === today.slice(0, 4) ? '' : ` ${year}`}`;
}

/** `Friday 27 November 2026`. */
export function longDay(day: Day): string {
  return `${weekdayOf(day)} ${dateOf(day)} ${monthOf(day)} ${day.slice(0, 4)}`;
}

/** `Sat 28 Nov 03:30`, all of one width; with the year where it is another one than today's. */
export function shortTime(instant: number, timeZone: string, today: Day): string {
  const day = dayOf(instant, timeZone);
  const date = shortDay(day, today).padStart(day.startsWith(today.slice(0, 4)) ? 6 : 11);
  return `${weekdayOf(day).slice(0, 3)} ${date} ${timeOf(instant, timeZone)}`;
}

/** `Monday 30 November 2026, 03:30 (Europe/Brussels)`. */
export function longTime(instant: number, timeZone: string): string {
  return `${longDay(dayOf(instant, timeZone))}, ${timeOf(instant, timeZone)} (${timeZone})`;
}
