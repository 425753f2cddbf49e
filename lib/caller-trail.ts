// Who really called the functions and changed the lists, where a company wants to know.
import { ReadWriteType, Trail } from 'aws-cdk-lib/aws-cloudtrail';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { ArnFormat, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { OBJECTS } from '../lambdas/ledger/bucket-keys.ts';
import { trailLogGroup } from '../lambdas/mail/links.ts';
import { acknowledge } from './acknowledge.ts';
import type { Config } from './config.ts';
import { functionName } from './names.ts';
import type { Store } from './store.ts';

/**
 * A trail of AWS CloudTrail that keeps who invoked one of the three functions and who wrote one of the two lists: mails
 * and ledger know of a caller only what the caller said. It holds no other event of the account, and of an invocation
 * not the event that was sent.
 *
 * Its log group is for looking things up, its bucket, kept when the stack goes, is the record.
 */
export class CallerTrail extends Construct {
  constructor(scope: Construct, id: string, config: Config, lists: Store) {
    super(scope, id);
    const stack = Stack.of(this);
    const logGroup = new LogGroup(this, 'Logs', {
      logGroupName: trailLogGroup(config.name),
      retention: config.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const record = makeRecord(this, config);
    const trail = new Trail(this, 'Trail', {
      trailName: config.name,
      bucket: Bucket.fromBucketName(this, 'RecordByName', record.bucketName),
      cloudWatchLogGroup: logGroup,
      sendToCloudWatchLogs: true,
      enableFileValidation: true,
      managementEvents: ReadWriteType.NONE,
      includeGlobalServiceEvents: false,
      isMultiRegionTrail: false,
    });
    // It is refused where it may not write yet.
    trail.node.addDependency(record);
    // By their names: the functions are in stacks that need this one first.
    const functions = (['audit', 'issue', 'revoke'] as const).map((kind) =>
      LambdaFunction.fromFunctionArn(
        this,
        kind,
        stack.formatArn({
          service: 'lambda',
          resource: 'function',
          resourceName: functionName(config.name, kind),
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      ),
    );
    const none = { includeManagementEvents: false };
    trail.addLambdaEventSelector(functions, none);
    const bucket = Bucket.fromBucketName(this, 'Lists', lists.bucketName);
    trail.addS3EventSelector(
      [OBJECTS.licenses, OBJECTS.exemptions].map((objectPrefix) => ({ bucket, objectPrefix })),
      // The functions read both each night.
      { ...none, readWriteType: ReadWriteType.WRITE_ONLY },
    );
    new CfnOutput(this, 'Group', {
      value: logGroup.logGroupName,
      description: 'Log group that says who called the functions and wrote the lists',
    });
  }
}

/** The bucket that CloudTrail writes to; as long as the functions' logs are kept, so is what it writes. */
function makeRecord(scope: Construct, { name, logRetentionDays }: Config): Bucket {
  const record = new Bucket(scope, 'Record', {
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    lifecycleRules: [{ id: 'OldRecords', expiration: Duration.days(logRetentionDays) }],
  });
  const stack = Stack.of(scope);
  const trailArn = stack.formatArn({ service: 'cloudtrail', resource: 'trail', resourceName: name });
  const allow = (action: string, resource: string, conditions: Readonly<Record<string, string>>): void => {
    record.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudtrail.amazonaws.com')],
        actions: [action],
        resources: [resource],
        conditions: { StringEquals: { 'aws:SourceArn': trailArn, ...conditions } },
      }),
    );
  };
  allow('s3:GetBucketAcl', record.bucketArn, {});
  allow('s3:PutObject', record.arnForObjects(`AWSLogs/${stack.account}/*`), {
    's3:x-amz-acl': 'bucket-owner-full-control',
  });
  acknowledge(record, {
    'AwsSolutions-S1': 'This bucket is itself a log, and only CloudTrail writes to it.',
  });
  return record;
}
