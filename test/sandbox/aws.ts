// The AWS stand-in: S3, SNS, SQS and Secrets Manager behind one endpoint.
import { type SandboxClock, createClock } from './clock.ts';
import type { FaultPlan, SandboxRequest } from './faults.ts';
import { S3Bucket } from './s3-store.ts';
import { type S3Switches, serveS3 } from './s3.ts';
import { type SecretState, serveSecrets } from './secrets-manager.ts';
import { type LoggedRequest, type SandboxServer, startServer } from './server.ts';
import { type Published, type Topics, startTopics } from './sns.ts';

export interface AwsOptions {
  readonly clock?: SandboxClock;
  readonly sharedFaults?: FaultPlan;
  readonly sharedLog?: LoggedRequest[];
  readonly latencyMs?: number;
  /** Default `eu-west-1`. */
  readonly region?: string;
  /** Default `hub-token-auditor-data`. */
  readonly bucketName?: string;
  /** Default `hub-token-auditor`. */
  readonly topicName?: string;
}

/**
 * S3, SNS, SQS and Secrets Manager behind one endpoint, as `AWS_ENDPOINT_URL` wants it. Requests say in `system` which
 * of them they are for: `s3`, `sns`, `sqs` or `secretsmanager`.
 */
export interface AwsStandIn extends SandboxServer {
  readonly region: string;
  readonly bucketName: string;
  /** The bucket that the functions are configured for. */
  readonly bucket: S3Bucket;
  readonly buckets: Map<string, S3Bucket>;
  readonly s3: S3Switches;
  readonly topicArn: string;
  /** Every publication, oldest first. */
  readonly published: Published[];
  readonly topics: Topics;
  /** Secrets Manager's secrets by name. */
  readonly secrets: Map<string, SecretState>;
}

function systemOf({ path, headers }: Omit<SandboxRequest, 'system'>): string {
  const target = headers['x-amz-target'] ?? '';
  if (target.startsWith('secretsmanager.')) return 'secretsmanager';
  if (target.startsWith('AmazonSQS.')) return 'sqs';
  if (path === '/' && (headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded'))
    return 'sns';
  return 's3';
}

/** Starts the AWS services with one bucket, one topic with one confirmed subscriber, and no secret. */
export async function startAws(options: AwsOptions = {}): Promise<AwsStandIn> {
  const { clock = createClock(), region = 'eu-west-1' } = options;
  const { bucketName = 'hub-token-auditor-data', topicName = 'hub-token-auditor' } = options;
  const bucket = new S3Bucket(clock);
  const buckets = new Map([[bucketName, bucket]]);
  const s3: S3Switches = { mayList: true, denied: new Map() };
  const secrets = new Map<string, SecretState>();
  const topics = await startTopics({ name: topicName, region, now: () => clock.now() });
  const server = await startServer({
    name: 'aws',
    clock,
    systemOf,
    // The SDK takes a time far from the machine's own for a clock to be corrected, and then tries again whatever was
    // refused, conditional puts and objects that are not there among them.
    date: () => Date.now(),
    handle: (request) => {
      if (request.system === 'secretsmanager') return serveSecrets(request, secrets, clock.now());
      if (request.system === 's3') return serveS3(request, buckets, s3);
      return topics.serve(request);
    },
    ...options,
  });
  const { close } = server;
  return Object.assign(server, {
    region,
    bucketName,
    bucket,
    buckets,
    s3,
    topics,
    topicArn: topics.topicArn,
    published: topics.published,
    secrets,
    close: async () => {
      await close();
      await topics.close();
    },
  });
}
