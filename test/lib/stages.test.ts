import { describe, expect, it } from 'vitest';
import { type Stack, lines, statementsOf, templatesOf } from './stacks.ts';

/** Every name that a template fixes. */
function fixedNames(stack: Stack): string[] {
  return stack.resources.flatMap(({ properties }) =>
    Object.entries(properties).flatMap(([key, value]) =>
      /^(Name|\w+Name)$/.test(key) &&
      typeof value === 'string' &&
      !value.startsWith('<') &&
      !['MetricName', 'PolicyName', 'DisplayName'].includes(key)
        ? [value]
        : [],
    ),
  );
}

describe('A second stage', () => {
  const first = templatesOf({});
  const second = templatesOf({ name: 'hub-token-auditor-test' });

  it('has stacks of its own', () => {
    expect([second.data.name, second.audit.name, second.issue.name]).toEqual([
      'HubTokenAuditorTest-Data',
      'HubTokenAuditorTest-Audit',
      'HubTokenAuditorTest-Issue',
    ]);
  });

  it('shares no fixed name with the first but the account’s one registry', () => {
    const names = (stage: typeof first) => [stage.data, stage.audit, stage.issue].flatMap(fixedNames);
    const shared = names(second).filter((name) => names(first).includes(name));
    expect(new Set(shared)).toEqual(new Set(['lambda-testevent-schemas']));
    expect(names(second).length).toBeGreaterThan(15);
  });

  it('counts into metrics of its own', () => {
    const alarm = second.audit.one('CloudWatch::Alarm', 'WatchMissedNight');
    expect(alarm.properties['Dimensions']).toEqual([{ Name: 'service', Value: 'hub-token-auditor-test' }]);
  });
});

describe('An existing bucket', () => {
  const keyArn = 'arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555';
  const { data, audit, issue } = templatesOf({ bucketName: 'licenses-of-ours', bucketKeyArn: keyArn });

  it('is used and not made', () => {
    expect(data.all('S3::Bucket')).toEqual([]);
    expect(audit.one('Lambda::Function', 'AuditFunction').properties['Environment']).toMatchObject({
      Variables: { BUCKET: 'licenses-of-ours' },
    });
  });

  it('is what functions and operators have rights on, with its key', () => {
    const arn = 'arn:<AWS::Partition>:s3:::licenses-of-ours';
    expect(lines(audit.rightsOf('AuditRole'))).toEqual(
      expect.arrayContaining([
        `s3:ListBucket on ${arn}`,
        `s3:PutObject on ${arn}/reports/*`,
        `kms:Decrypt on ${keyArn}`,
        `kms:GenerateDataKey on ${keyArn}`,
      ]),
    );
    const operators = lines(
      statementsOf(issue.one('IAM::ManagedPolicy', 'Operators').properties['PolicyDocument']),
    );
    expect(operators).toContain(`kms:GenerateDataKey on ${keyArn}`);
    expect(operators).not.toContain('kms:GenerateDataKey on <Key.Arn>');
  });

  it('without a key of its own gives operators no key but that of failed events', () => {
    const stacks = templatesOf({ bucketName: 'licenses-of-ours' });
    const operators = lines(
      statementsOf(stacks.issue.one('IAM::ManagedPolicy', 'Operators').properties['PolicyDocument']),
    );
    expect(operators.filter((line) => line.startsWith('kms:'))).toEqual(['kms:Decrypt on <Key.Arn>']);
  });
});

describe('An existing Vault login', () => {
  const secretArn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:vault/login-AbCdEf';
  const keyArn = 'arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555';
  const { data, audit } = templatesOf({ vault: { loginSecretArn: secretArn, loginSecretKeyArn: keyArn } });

  it('is named and not made, and may be read with its key but not written', () => {
    expect(data.all('SecretsManager::Secret')).toEqual([]);
    const rights = lines(audit.rightsOf('AuditRole'));
    expect(rights).toContain(`secretsmanager:GetSecretValue on ${secretArn}`);
    expect(rights.filter((line) => line.endsWith(keyArn))).toEqual([`kms:Decrypt on ${keyArn}`]);
    expect(audit.one('Lambda::Function', 'AuditFunction').properties['Environment']).toMatchObject({
      Variables: { VAULT_LOGIN_SECRET: secretArn },
    });
  });

  it('may bring a private certificate authority, which is why no template knows one', () => {
    expect(audit.text).not.toMatch(/NODE_EXTRA_CA_CERTS|ca_cert|BEGIN CERTIFICATE/);
  });
});

describe('A login to Vault by the functions’ own AWS identity', () => {
  const { data, audit } = templatesOf({
    vault: { login: 'aws-iam', role: 'auditor', serverId: 'vault.example.com' },
  });

  it('stores no secret in AWS, and needs no right to read one', () => {
    expect(data.all('SecretsManager::Secret')).toEqual([]);
    expect(data.outputs).not.toHaveProperty('VaultLoginSecret');
    expect(lines(audit.rightsOf('AuditRole')).filter((line) => line.includes('secretsmanager:'))).toEqual([]);
    expect(audit.one('Lambda::Function', 'AuditFunction').properties['Environment']).toMatchObject({
      Variables: {
        VAULT_LOGIN: 'aws-iam',
        VAULT_ROLE: 'auditor',
        VAULT_AUTH_MOUNT: 'aws',
        VAULT_SERVER_ID: 'vault.example.com',
        VAULT_LOGIN_SECRET: '',
      },
    });
  });
});

describe('A VPC', () => {
  const vpc = {
    subnetIds: ['subnet-0a1b2c3d', 'subnet-1a1b2c3d'],
    securityGroupIds: ['sg-0a1b2c3d4e5f60718'],
  };
  const { audit, issue } = templatesOf({ vpc });
  const network = [
    'ec2:AssignPrivateIpAddresses on *',
    'ec2:CreateNetworkInterface on *',
    'ec2:DeleteNetworkInterface on *',
    'ec2:DescribeNetworkInterfaces on *',
    'ec2:DescribeSubnets on *',
    'ec2:UnassignPrivateIpAddresses on *',
  ];

  it.each([
    { stack: audit, id: 'Audit' },
    { stack: issue, id: 'Issue' },
    { stack: issue, id: 'Revoke' },
  ])('is joined by ids, with the rights that Lambda wants and the code is denied ($id)', ({ stack, id }) => {
    expect(stack.one('Lambda::Function', `${id}Function`).properties['VpcConfig']).toEqual({
      SubnetIds: vpc.subnetIds,
      SecurityGroupIds: vpc.securityGroupIds,
    });
    const rights = stack.rightsOf(`${id}Role`).filter(({ actions }) => actions[0]?.startsWith('ec2:'));
    expect(lines(rights)).toEqual([...network, ...network.map((line) => `never ${line}`)].sort());
    expect(rights.find(({ effect }) => effect === 'Deny')?.condition).toEqual({
      ArnEquals: {
        'lambda:SourceFunctionArn': `arn:<AWS::Partition>:lambda:<AWS::Region>:<AWS::AccountId>:function:hub-token-auditor-${id.toLowerCase()}`,
      },
    });
  });

  it('is none by default, and so are the rights', () => {
    const stacks = templatesOf({});
    expect(stacks.audit.one('Lambda::Function', 'AuditFunction').properties).not.toHaveProperty('VpcConfig');
    expect(lines(stacks.audit.rightsOf('AuditRole')).filter((line) => line.includes('ec2:'))).toEqual([]);
  });
});
