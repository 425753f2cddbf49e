// What the function returns of a report, and what mail and page say first.
import { describe, expect, it } from 'vitest';
import { holdingText, reportJson, resultOf, shrunkText } from '../../lambdas/report/report.ts';
import { makeAction, makeFinding, makeReport, makeRow } from './report-fixture.ts';

describe('the result of the function', () => {
  const counted = (findings: number, actions: number) =>
    makeReport({
      findings: Array.from({ length: findings }, () => makeFinding('wrong-scope')),
      actions: Array.from({ length: actions }, () => makeAction()),
      deployments: [makeRow()],
    });

  it('has all fields of the report but its tables', () => {
    const report = counted(1, 1);
    const { deployments: _, upcoming: __, exemptions: ___, inputs: ____, causes: _____, timeZone: ______, ...fields } = report; // prettier-ignore
    expect(resultOf(report)).toEqual(fields);
  });

  it.each([
    [500, 500, false],
    [501, 0, true],
    [0, 501, true],
  ])('of %i findings and %i steps is cut at 500, and says so: %s', (findings, actions, truncated) => {
    const result = resultOf(counted(findings, actions));
    expect([result.findings.length, result.actions.length, result.truncated]).toEqual([
      Math.min(findings, 500),
      Math.min(actions, 500),
      truncated,
    ]);
  });

  it('is one line of JSON in the bucket', () => {
    const report = makeReport();
    expect(reportJson(report)).toMatch(/^\{.*\}\n$/);
    expect(JSON.parse(reportJson(report))).toEqual(report);
  });
});

describe('the object that holds', () => {
  const text = (...holding: { key: string; since?: string }[]): string =>
    `The object HOLD is in the bucket${holdingText({ hold: true, holding }, (instant) => instant.slice(0, 10))}.`;

  it('is named where it is called otherwise, with since when it is there', () => {
    expect(text({ key: 'HOLD' })).toBe('The object HOLD is in the bucket.');
    expect(text({ key: 'HOLD', since: '2026-03-01T10:00:00Z' })).toBe(
      'The object HOLD is in the bucket since 2026-03-01.',
    );
    expect(text({ key: 'hold.txt', since: '2026-03-01T10:00:00Z' }, { key: 'Hold me' })).toBe(
      'The object HOLD is in the bucket as hold.txt since 2026-03-01 and as "Hold me".',
    );
    expect(holdingText({ hold: true }, () => '')).toBe('');
  });
});

describe('a list that shrank', () => {
  const text = 'It went from 60 to 40.';

  it('says what to do if it is a mistake, of each input once', () => {
    expect(shrunkText({ text, isApproved: false })).toBe(
      'It went from 60 to 40. Nobody is cut off until that is cleared up. Is it a mistake? Upload the complete list again.',
    );
    const inputs = ['licenses', 'tokens', 'keys', 'exemptions'] as const;
    expect(shrunkText({ text, isApproved: false, inputs })).toBe(
      "It went from 60 to 40. Nobody is cut off until that is cleared up. Is it a mistake? Upload the complete list again. Find out who deleted tokens on Docker Hub. Restore the secret's earlier version in Vault.",
    );
  });

  it('that is approved holds nothing', () => {
    expect(shrunkText({ text, isApproved: true })).toBe(
      'It went from 60 to 40. This run approves that: the next nights compare the lists with what was read now.',
    );
  });
});
