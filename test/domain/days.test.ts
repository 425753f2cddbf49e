import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addDays,
  dayOf,
  daysBetween,
  instantAt,
  isDay,
  iso,
  mondayOn,
  noonOf,
  timeOf,
} from '../../lambdas/domain/days.ts';

const at = (text: string): number => Date.parse(text);

describe('days', () => {
  it('takes the day from the configured time zone, not from the machine', () => {
    expect(dayOf(at('2026-03-01T23:30:00Z'), 'Europe/Brussels')).toBe('2026-03-02');
    expect(dayOf(at('2026-03-01T23:30:00Z'), 'America/New_York')).toBe('2026-03-01');
    expect(dayOf(at('2026-03-01T23:30:00Z'), 'UTC')).toBe('2026-03-01');
  });

  it('takes the day that the calendar of the zone shows, at any instant of any zone', () => {
    const years = { min: at('1990-01-01T00:00:00Z'), max: at('2040-01-01T00:00:00Z') };
    // Lord Howe changes by half an hour, Apia left out a whole day, Casablanca changes four times a year.
    const zones = ['Europe/Brussels', 'Australia/Lord_Howe', 'Pacific/Apia', 'Africa/Casablanca', 'Asia/Kathmandu', 'America/St_Johns']; // prettier-ignore
    fc.assert(
      fc.property(fc.integer(years), fc.constantFrom(...zones), (instant, timeZone) => {
        const shown = new Intl.DateTimeFormat('en', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(instant); // prettier-ignore
        const [month, day, year] = shown.split('/');
        expect(dayOf(instant, timeZone)).toBe([year, month, day].join('-'));
      }),
      { numRuns: 1000, examples: [[at('2026-04-04T14:59:59.999Z'), 'Australia/Lord_Howe'], [at('2011-12-30T10:00:00Z'), 'Pacific/Apia']] }, // prettier-ignore
    );
  });

  it('goes by the clock of the instant on a day on which clocks change', () => {
    const brussels = (text: string): string => dayOf(at(text), 'Europe/Brussels');
    expect(brussels('2026-03-28T23:00:00Z')).toBe('2026-03-29');
    expect(brussels('2026-03-29T21:59:59.999Z')).toBe('2026-03-29');
    expect(brussels('2026-03-29T22:00:00Z')).toBe('2026-03-30');
    expect(brussels('2026-10-25T22:59:59.999Z')).toBe('2026-10-25');
    expect(brussels('2026-10-25T23:00:00Z')).toBe('2026-10-26');
    expect(dayOf(at('2026-03-08T03:59:59Z'), 'America/New_York')).toBe('2026-03-07');
    expect(dayOf(at('2026-11-01T04:30:00Z'), 'America/New_York')).toBe('2026-11-01');
  });

  it('finds noon of a day in any zone, also on days when clocks change', () => {
    expect(noonOf('2026-03-29', 'Europe/Brussels')).toBe(at('2026-03-29T10:00:00Z'));
    expect(noonOf('2026-10-25', 'Europe/Brussels')).toBe(at('2026-10-25T11:00:00Z'));
    expect(noonOf('2026-07-01', 'Pacific/Kiritimati')).toBe(at('2026-06-30T22:00:00Z'));
  });

  it('knows only days that exist', () => {
    expect(['2026-02-28', '2028-02-29', '9999-12-31'].every(isDay)).toBe(true);
    expect(['2026-02-30', '2026-13-01', '46000', '2026-2-3', '03/04/2026', ''].some(isDay)).toBe(false);
    expect(
      ['2026', '2026-01', '+2026-01-01', '2026-01-01T00', ' 2026-01-01', '+010000-01-01', '+010000-01'].some(
        isDay,
      ),
    ).toBe(false);
  });

  it('counts days across months, years and changes of clocks', () => {
    expect(addDays('2026-12-31', 1)).toBe('2027-01-01');
    expect(addDays('9999-12-30', 5)).toBe('9999-12-31');
    expect(daysBetween('2026-03-28', '2026-03-30')).toBe(2);
    expect(daysBetween('2026-03-30', '2026-03-28')).toBe(-2);
  });

  it('knows the time of the day, also where clocks are ahead by half hours', () => {
    expect(timeOf(at('2026-03-01T23:30:59Z'), 'Europe/Brussels')).toBe('00:30');
    expect(timeOf(at('2026-03-29T01:00:00Z'), 'Europe/Brussels')).toBe('03:00');
    expect(timeOf(at('2026-03-01T23:30:00Z'), 'Asia/Kathmandu')).toBe('05:15');
    expect(timeOf(at('2026-03-01T23:30:00Z'), 'America/St_Johns')).toBe('20:00');
  });

  it('finds the instant of a time of a day, whose minutes count', () => {
    expect(instantAt('2026-03-02', '03:30', 'Europe/Brussels')).toBe(at('2026-03-02T02:30:00Z'));
    expect(instantAt('2026-03-02', '00:01', 'UTC')).toBe(at('2026-03-02T00:01:00Z'));
    expect(instantAt('2026-03-02', '23:59', 'Asia/Kathmandu')).toBe(at('2026-03-02T18:14:00Z'));
    expect(instantAt('2026-03-02', '04', 'UTC')).toBe(at('2026-03-02T04:00:00Z'));
  });

  it.each([
    ['2026-03-29', '02:30', 'Europe/Brussels', '2026-03-29T01:30:00Z'],
    ['2026-10-25', '02:30', 'Europe/Brussels', '2026-10-25T00:30:00Z'],
    ['2026-10-25', '03:00', 'Europe/Brussels', '2026-10-25T02:00:00Z'],
    ['2026-04-05', '01:45', 'Australia/Lord_Howe', '2026-04-04T14:45:00Z'],
    ['2026-10-04', '02:15', 'Australia/Lord_Howe', '2026-10-03T15:45:00Z'],
  ])('finds on %s the later %s of %s where clocks skip it, the first where it comes twice', (day, time, zone, instant) => {
    expect(iso(instantAt(day, time, zone))).toBe(iso(at(instant)));
  }); // prettier-ignore

  it('knows each of many zones and days by itself, in any order and also a second time', () => {
    const summer = at('2026-07-01T22:30:00Z');
    const winter = at('2026-01-01T22:30:00Z');
    for (let round = 0; round < 2; round++)
      expect(
        [winter, summer].flatMap((instant) =>
          ['Europe/Brussels', 'UTC', 'Pacific/Apia'].map(
            (zone) => `${dayOf(instant, zone)} ${timeOf(instant, zone)}`,
          ),
        ),
      ).toEqual([
        '2026-01-01 23:30',
        '2026-01-01 22:30',
        '2026-01-02 11:30',
        '2026-07-02 00:30',
        '2026-07-01 22:30',
        '2026-07-02 11:30',
      ]);
  });

  it('writes instants with a year of four digits, the nearest where they have none', () => {
    expect([0, -1, -1e15, 1000].map(iso)).toEqual([
      '1970-01-01T00:00:00.000Z',
      '1970-01-01T00:00:00.000Z',
      '1970-01-01T00:00:00.000Z',
      '1970-01-01T00:00:01.000Z',
    ]);
    const last = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
    expect([last - 1, last, last + 1, 1e18].map(iso)).toEqual([
      '9999-12-31T23:59:59.998Z',
      ...Array<string>(3).fill('9999-12-31T23:59:59.999Z'),
    ]);
  });

  it('has no day behind the year 9999, and those before 1970', () => {
    expect(addDays('9999-12-31', 0)).toBe('9999-12-31');
    expect(addDays('9999-12-31', 100_000)).toBe('9999-12-31');
    expect(addDays('1970-01-01', -1)).toBe('1969-12-31');
    expect(daysBetween('1969-12-31', '1970-01-02')).toBe(2);
    expect(daysBetween('2026-11-27', '9999-12-31')).toBe(2_912_112);
  });

  it('begins the week on Monday', () => {
    expect(mondayOn('2026-11-23')).toBe('2026-11-23');
    expect(mondayOn('2026-11-29')).toBe('2026-11-23');
    expect(mondayOn('2026-11-24')).toBe('2026-11-23');
    expect(mondayOn('2026-12-02')).toBe('2026-11-30');
  });
});
