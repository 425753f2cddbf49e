import { describe, expect, it } from 'vitest';
import { appOf, statementsOf, templatesOf } from './stacks.ts';

const { data } = templatesOf({ notifications: { emails: ['support@example.com', 'sales@example.com'] } });
const alarmsOfThisStage =
  'arn:<AWS::Partition>:cloudwatch:<AWS::Region>:<AWS::AccountId>:alarm:hub-token-auditor-*';

describe('The bucket', () => {
  const bucket = data.one('S3::Bucket');

  it('is kept when the stack goes, with its key and the Vault login', () => {
    expect(bucket.deletion).toBe('RetainExceptOnCreate');
    expect(data.one('KMS::Key').deletion).toBe('RetainExceptOnCreate');
    expect(data.one('SecretsManager::Secret').deletion).toBe('RetainExceptOnCreate');
  });

  it('keeps versions, is encrypted with the stack’s key and closed to the public', () => {
    expect(bucket.properties).toMatchObject({
      VersioningConfiguration: { Status: 'Enabled' },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: '<Key.Arn>' } },
        ],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    });
  });

  it('tells EventBridge of changes, by its own setting and without a function of the library’s', () => {
    expect(bucket.properties['NotificationConfiguration']).toEqual({
      EventBridgeConfiguration: { EventBridgeEnabled: true },
    });
    expect(data.all('Lambda::Function')).toEqual([]);
  });

  it('has a policy that refuses access without TLS and allows nobody anything', () => {
    const statements = statementsOf(data.one('S3::BucketPolicy').properties['PolicyDocument']);
    expect(statements.map(({ effect }) => effect)).toEqual(['Deny', 'Deny']);
    expect(statements[0]).toMatchObject({
      actions: ['s3:*'],
      resources: ['<Bucket.Arn>', '<Bucket.Arn>/*'],
      condition: { Bool: { 'aws:SecureTransport': 'false' } },
    });
  });

  it('never expires a version of the ledger or of the lists, nor the delete marker of a ledger', () => {
    expect(bucket.properties['LifecycleConfiguration']).toEqual({
      Rules: [
        {
          Id: 'UnfinishedUploads',
          Status: 'Enabled',
          AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
        },
        { Id: 'DryRunReports', Status: 'Enabled', Prefix: 'reports/dry-run/', ExpirationInDays: 90 },
        {
          Id: 'OldReports',
          Status: 'Enabled',
          Prefix: 'reports/',
          NoncurrentVersionExpiration: { NoncurrentDays: 90 },
        },
        {
          Id: 'OldLeases',
          Status: 'Enabled',
          Prefix: 'lease.json',
          NoncurrentVersionExpiration: { NoncurrentDays: 1 },
        },
      ],
    });
  });
});

describe('The key', () => {
  const key = data.one('KMS::Key');

  it('is renewed every year', () => {
    expect(key.properties['EnableKeyRotation']).toBe(true);
  });

  it('lets alarms of this account and stage publish, and nobody else but the account', () => {
    expect(statementsOf(key.properties['KeyPolicy'])).toEqual([
      expect.objectContaining({
        effect: 'Allow',
        actions: ['kms:*'],
        principal: { AWS: 'arn:<AWS::Partition>:iam::<AWS::AccountId>:root' },
      }),
      {
        sid: 'AlarmsPublish',
        effect: 'Allow',
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        principal: { Service: 'cloudwatch.amazonaws.com' },
        condition: {
          StringEquals: { 'aws:SourceAccount': '<AWS::AccountId>' },
          ArnLike: { 'aws:SourceArn': alarmsOfThisStage },
        },
      },
    ]);
  });
});

describe('The outputs', () => {
  it('name what is kept, with the key without which it can’t be read', () => {
    expect(data.outputs).toEqual({
      BucketName: '<Bucket>',
      BucketLink: 'https://<AWS::Region>.console.aws.amazon.com/s3/buckets/<Bucket>?region=<AWS::Region>',
      VaultLoginSecret: '<VaultLogin>',
      VaultLoginLink:
        'https://<AWS::Region>.console.aws.amazon.com/secretsmanager/secret?name=hub-token-auditor%2Fvault-login&region=<AWS::Region>',
      KeyArn: '<Key.Arn>',
    });
  });
});

describe('The topic', () => {
  it('is encrypted with the stack’s key', () => {
    expect(data.one('SNS::Topic').properties).toMatchObject({
      TopicName: 'hub-token-auditor',
      KmsMasterKeyId: '<Key.Arn>',
    });
  });

  it('refuses publications without TLS and lets alarms of this account and stage publish', () => {
    expect(statementsOf(data.one('SNS::TopicPolicy').properties['PolicyDocument'])).toEqual([
      expect.objectContaining({
        effect: 'Deny',
        actions: ['sns:Publish'],
        resources: ['<Topic>'],
        condition: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
      {
        sid: 'AlarmsPublish',
        effect: 'Allow',
        actions: ['sns:Publish'],
        resources: ['<Topic>'],
        principal: { Service: 'cloudwatch.amazonaws.com' },
        condition: {
          StringEquals: { 'aws:SourceAccount': '<AWS::AccountId>' },
          ArnLike: { 'aws:SourceArn': alarmsOfThisStage },
        },
      },
    ]);
  });

  it('has a subscription for each configured address', () => {
    expect(data.all('SNS::Subscription').map(({ properties }) => properties)).toEqual([
      { Protocol: 'email', TopicArn: '<Topic>', Endpoint: 'support@example.com' },
      { Protocol: 'email', TopicArn: '<Topic>', Endpoint: 'sales@example.com' },
    ]);
  });

  it('warns, and does not fail, where no address is configured', () => {
    const warnings = (config: unknown) =>
      appOf(config)
        .data.node.metadata.filter(({ type }) => type === 'aws:cdk:warning')
        .map(({ data: text }) => String(text));
    expect(warnings({})).toEqual([
      expect.stringMatching(/^hub-token-auditor\.notifications\.emails names no mail address/),
    ]);
    expect(warnings({ notifications: { emails: ['support@example.com'] } })).toEqual([]);
  });
});

describe('The Vault login', () => {
  it('is created empty: a generated value would be tried at Vault, which locks the role', () => {
    const { properties } = data.one('SecretsManager::Secret');
    expect(Object.keys(properties).sort()).toEqual(['Description', 'KmsKeyId', 'Name', 'Tags']);
    expect(properties).toMatchObject({ Name: 'hub-token-auditor/vault-login', KmsKeyId: '<Key.Arn>' });
  });
});
