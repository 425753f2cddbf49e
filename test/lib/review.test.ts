// The rule that lets a changed list be looked at at once.
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { templatesOf } from './stacks.ts';

const { audit } = templatesOf({});
const rule = audit.one('Events::Rule').properties;
const patternSchema = v.object({
  source: v.array(v.string()),
  'detail-type': v.array(v.string()),
  detail: v.object({
    bucket: v.object({ name: v.array(v.string()) }),
    object: v.object({ key: v.array(v.union([v.string(), v.object({ prefix: v.string() })])) }),
  }),
});
const pattern = v.parse(patternSchema, rule['EventPattern']);
const matches = (key: string): boolean =>
  pattern.detail.object.key.some((wanted) =>
    typeof wanted === 'string' ? wanted === key : key.startsWith(wanted.prefix),
  );

describe('The review of changes', () => {
  it('is asked for by EventBridge when an object of the bucket is uploaded or removed', () => {
    expect(pattern).toMatchObject({
      source: ['aws.s3'],
      'detail-type': ['Object Created', 'Object Deleted'],
      detail: { bucket: { name: ['<Bucket>'] } },
    });
  });

  it.each(['licenses.csv', 'exemptions.csv', 'HOLD', 'HOLD.txt', 'Hold', 'hold', 'hold.txt', 'Hold/'])(
    'looks at %s',
    (key) => {
      expect(matches(key)).toBe(true);
    },
  );

  it.each(['ledger.json', 'lease.json', 'reports/2026/11/24/a.json', 'reports/HOLD'])(
    'leaves out %s, which is no list: what a run writes causes no other run',
    (key) => {
      expect(matches(key)).toBe(false);
    },
  );

  it('sends the event that says so, and is tried twice more within ten minutes', () => {
    expect(rule['Targets']).toEqual([
      {
        Id: 'Audit',
        Arn: '<AuditFunction.Arn>',
        Input: '{"review":true}',
        RetryPolicy: { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 600 },
      },
    ]);
  });
});
