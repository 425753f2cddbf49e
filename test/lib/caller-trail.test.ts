// The trail of who called, where it is asked for.
import { describe, expect, it } from 'vitest';
import { statementsOf, templatesOf } from './stacks.ts';

const { data, audit, issue } = templatesOf({ trail: true });

describe('The trail of callers', () => {
  it('is not there by default', () => {
    const { data: plain } = templatesOf({});
    expect(plain.all('CloudTrail::Trail')).toEqual([]);
    expect(plain.all('S3::Bucket')).toHaveLength(1);
  });

  it('keeps who invoked the three functions and who wrote the two lists, and nothing else of the account', () => {
    const { properties } = data.one('CloudTrail::Trail');
    expect(properties['EventSelectors']).toEqual([
      {
        DataResources: [
          {
            Type: 'AWS::Lambda::Function',
            Values: [audit, issue]
              .flatMap((stack) => stack.all('Lambda::Function'))
              .flatMap(({ properties: { FunctionName } }) =>
                typeof FunctionName === 'string'
                  ? [`arn:<AWS::Partition>:lambda:<AWS::Region>:<AWS::AccountId>:function:${FunctionName}`]
                  : [],
              ),
          },
        ],
        IncludeManagementEvents: false,
      },
      {
        DataResources: [
          {
            Type: 'AWS::S3::Object',
            Values: ['licenses.csv', 'exemptions.csv'].map(
              (key) => `arn:<AWS::Partition>:s3:::<Bucket>/${key}`,
            ),
          },
        ],
        IncludeManagementEvents: false,
        ReadWriteType: 'WriteOnly',
      },
    ]);
    expect(properties).toMatchObject({
      TrailName: 'hub-token-auditor',
      IsLogging: true,
      IsMultiRegionTrail: false,
      IncludeGlobalServiceEvents: false,
      EnableLogFileValidation: true,
    });
  });

  it('writes to a bucket of its own, closed to the public and to access without TLS, as long as logs are kept', () => {
    const [record] = data.all('S3::Bucket').filter(({ id }) => id !== 'Bucket');
    expect(record?.deletion).toBe('RetainExceptOnCreate');
    expect(record?.properties).toMatchObject({
      PublicAccessBlockConfiguration: { BlockPublicPolicy: true, RestrictPublicBuckets: true },
      LifecycleConfiguration: { Rules: [{ ExpirationInDays: 180, Status: 'Enabled' }] },
    });
    const [policy] = data.all('S3::BucketPolicy').filter(({ id }) => id !== 'BucketPolicy');
    const statements = statementsOf(policy?.properties['PolicyDocument']);
    expect(statements).toContainEqual(
      expect.objectContaining({
        effect: 'Deny',
        condition: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
    );
    const allowed = statements.filter(({ effect }) => effect === 'Allow');
    expect(allowed.map(({ actions }) => actions)).toEqual([['s3:GetBucketAcl'], ['s3:PutObject']]);
    for (const { principal, condition } of allowed) {
      expect(principal).toEqual({ Service: 'cloudtrail.amazonaws.com' });
      expect(condition).toMatchObject({
        StringEquals: {
          'aws:SourceArn':
            'arn:<AWS::Partition>:cloudtrail:<AWS::Region>:<AWS::AccountId>:trail/hub-token-auditor',
        },
      });
    }
    expect(data.one('CloudTrail::Trail').dependsOn).toContain(policy?.id);
  });

  it('writes to a log group in which people look things up, whose name is an output', () => {
    const [group] = data.all('Logs::LogGroup');
    expect(group?.properties).toMatchObject({
      LogGroupName: '/aws/cloudtrail/hub-token-auditor',
      RetentionInDays: 180,
    });
    expect(Object.keys(data.outputs).filter((name) => name.startsWith('Callers'))).toHaveLength(1);
  });
});
