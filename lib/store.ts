// The bucket.
import type { Key } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption, CfnBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Annotations, Duration, RemovalPolicy, type Stack } from 'aws-cdk-lib/core';
import { OBJECTS } from '../lambdas/ledger/bucket-keys.ts';
import { acknowledge } from './acknowledge.ts';
import type { Config } from './config.ts';

/** The bucket as others refer to it, whether it is ours or was there already. */
export interface Store {
  readonly bucketName: string;
  readonly bucketArn: string;
  /** ARN of an object; the key may end in `*`. */
  objectArn(key: string): string;
}

function refer(bucketName: string, bucketArn: string): Store {
  return { bucketName, bucketArn, objectArn: (key) => `${bucketArn}/${key}` };
}

/** Pattern of the reports' keys: their names are made up by the runs, so that rights on them need a wildcard. */
export const REPORTS = `${OBJECTS.reports}*`;

/** How the keys begin that may be a `HOLD`: people add an extension, and spell it in their way. */
export const HOLD_PREFIXES = ['HOLD', 'Hold', 'hold'] as const;

/** Why a right on the reports has a wildcard. */
export const REPORTS_REASON = 'Reports are named by day and run; the wildcard is bound to their folder.';

/**
 * The bucket of license list, exemptions, ledger and reports: created and kept when the stack goes, or one that is
 * there already. Its name is not fixed, so that a stack that was deleted can be deployed again beside the bucket that
 * was kept.
 *
 * Every version of `ledger.json` is kept: a deleted ledger differs from one that never existed by its delete marker,
 * which S3 would tidy away once the versions under it are gone. The two lists that people edit keep theirs as well,
 * which is the way back after a wrong edit.
 */
export function makeStore(scope: Stack, config: Config, key: Key): Store {
  if (config.bucketName !== undefined) {
    Annotations.of(scope).addInfo(
      `The bucket ${config.bucketName} is used as it is: it must keep versions, send its events to EventBridge, refuse access without TLS and block public access.`,
    );
    const { bucketArn } = Bucket.fromBucketName(scope, 'Bucket', config.bucketName);
    return refer(config.bucketName, bucketArn);
  }
  const bucket = new Bucket(scope, 'Bucket', {
    versioned: true,
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    encryption: BucketEncryption.KMS,
    encryptionKey: key,
    bucketKeyEnabled: true,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    lifecycleRules: [
      { id: 'UnfinishedUploads', abortIncompleteMultipartUploadAfter: Duration.days(7) },
      { id: 'DryRunReports', prefix: `${OBJECTS.reports}dry-run/`, expiration: Duration.days(90) },
      { id: 'OldReports', prefix: OBJECTS.reports, noncurrentVersionExpiration: Duration.days(90) },
      { id: 'OldLeases', prefix: OBJECTS.lease, noncurrentVersionExpiration: Duration.days(1) },
    ],
  });
  const resource = bucket.node.defaultChild;
  // Said of the resource itself: the library's own switch adds a function with rights on every bucket of the account.
  if (resource instanceof CfnBucket)
    resource.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
  acknowledge(bucket, {
    'AwsSolutions-S1':
      'Versions, ledger and reports say what was changed and when. Access logs would need a second bucket to keep and to read; where a company wants to know who read, CloudTrail says it for all its buckets.',
  });
  // Exported by hand, so that what others make of it is known before synthesis, to acknowledge a finding by.
  return refer(bucket.bucketName, scope.exportValue(bucket.bucketArn));
}
