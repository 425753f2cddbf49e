import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDays, dayOf, daysBetween, isDay, mondayOn, noonOf } from '../../lambdas/domain/days.ts';

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
      ['2026', '2026-01', '+2026-01-01', '2026-01-01T00', ' 2026-01-01', '+010000-01-01'].some(isDay),
    ).toBe(false);
  });

  it('counts days across months, years and changes of clocks', () => {
    expect(addDays('2026-12-31', 1)).toBe('2027-01-01');
    expect(addDays('9999-12-30', 5)).toBe('9999-12-31');
    expect(daysBetween('2026-03-28', '2026-03-30')).toBe(2);
    expect(daysBetween('2026-03-30', '2026-03-28')).toBe(-2);
  });

  it('begins the week on Monday', () => {
    expect(mondayOn('2026-11-23')).toBe('2026-11-23');
    expect(mondayOn('2026-11-29')).toBe('2026-11-23');
  });
});
