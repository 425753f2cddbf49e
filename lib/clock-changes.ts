// Local times that some night does not have, because the clocks go forward.
const HOUR = 3_600_000;
const MINUTES_A_DAY = 1440;

/** Minutes after midnight of `HH:MM`. */
export function minutesOf(time: string): number {
  const [hour = Number.NaN, minute = Number.NaN] = time.split(':').map(Number);
  return hour * 60 + minute;
}

function offsetReader(timeZone: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (instant) => {
    const part = new Map(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
    const number = (type: Intl.DateTimeFormatPartTypes) => part.get(type) ?? 0;
    return (
      Date.UTC(
        number('year'),
        number('month') - 1,
        number('day'),
        number('hour'),
        number('minute'),
        number('second'),
      ) - instant
    );
  };
}

/**
 * The first day within two years on which a local time does not exist. EventBridge Scheduler leaves such a night out
 * without a word, so that a schedule at this time would miss one night a year.
 *
 * @param from milliseconds since 1970 of the first day looked at
 * @returns the day, `YYYY-MM-DD`
 */
export function firstSkipped(time: string, timeZone: string, from: number): string | undefined {
  const offset = offsetReader(timeZone);
  const wanted = minutesOf(time);
  const start = Math.floor(from / HOUR) * HOUR;
  const skips = (before: number, after: number, instant: number): boolean => {
    const first = ((instant + before) / 60_000) % MINUTES_A_DAY;
    const length = (after - before) / 60_000;
    return (wanted - first + MINUTES_A_DAY) % MINUTES_A_DAY < length;
  };
  let yesterday = offset(start);
  for (let day = 1; day <= 731; day++) {
    const end = start + day * 24 * HOUR;
    const today = offset(end);
    if (today > yesterday) {
      // Clocks change at a whole quarter of an hour: look for the first one after the change.
      let instant = end - 24 * HOUR;
      while (offset(instant) === yesterday) instant += HOUR / 4;
      if (skips(yesterday, today, instant)) return new Date(instant + today).toISOString().slice(0, 10);
    }
    yesterday = today;
  }
  return undefined;
}
