// The trail of who called, where it is asked for.
import { describe, expect, it } from 'vitest';
import { readSettings } from '../../lambdas/runtime/settings.ts';
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

  it('may be read by operators, and nobody else', () => {
    const TRAIL = 'log-group:/aws/cloudtrail/hub-token-auditor:*';
    const rightsOf = (templates: ReturnType<typeof templatesOf>, policy: string): string[] =>
      statementsOf(templates.issue.one('IAM::ManagedPolicy', policy).properties['PolicyDocument'])
        .filter(({ resources }) => resources.some((resource) => resource.endsWith(TRAIL)))
        .flatMap(({ actions }) => actions);
    expect(rightsOf({ data, audit, issue }, 'Operators')).toEqual([
      'logs:DescribeLogStreams',
      'logs:FilterLogEvents',
      'logs:GetLogEvents',
      'logs:StartQuery',
    ]);
    expect(rightsOf({ data, audit, issue }, 'Editors')).toEqual([]);
    expect(rightsOf(templatesOf({}), 'Operators')).toEqual([]);
  });

  it('is known to the functions, whose mails say where to look', () => {
    const variable = (templates: ReturnType<typeof templatesOf>): unknown =>
      templates.issue.all('Lambda::Function').map(({ properties }) => JSON.stringify(properties['Environment'])).find((text) => text.includes('CALLER_TRAIL')); // prettier-ignore
    expect(variable({ data, audit, issue })).toContain('"CALLER_TRAIL":"true"');
    expect(variable(templatesOf({}))).toContain('"CALLER_TRAIL":"false"');
    expect([{ VAULT_ADDR: 'https://v', CALLER_TRAIL: 'true' }, { VAULT_ADDR: 'https://v' }].map((environment) => readSettings(environment).trail)).toEqual([true, false]); // prettier-ignore
    expect(() => readSettings({ VAULT_ADDR: 'https://v', CALLER_TRAIL: 'yes' })).toThrow('CALLER_TRAIL must be true or false'); // prettier-ignore
  });
});
