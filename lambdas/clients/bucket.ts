// The bucket in S3.
import { AuditorError } from '../errors.ts';
import { awsDefaults, awsHeader, awsReason, awsStatus, lazily } from './aws.ts';
import type { Bucket, ReadObject } from './ports.ts';

function unavailable(doing: string, bucket: string, error: unknown): AuditorError {
  const status = awsStatus(error);
  const cure =
    status === 403
      ? "check the function's rights on bucket and key (without s3:ListBucket a missing object looks like a forbidden one)"
      : 'check that the bucket exists and try again later';
  return new AuditorError(
    'StorageUnavailable',
    `${doing} in the bucket ${bucket} failed (${awsReason(error)}); ${cure}.`,
  );
}

/** A report of so many letters takes its time to be sent: a hundred thousand deployments are some 60 MB. */
const LONG_BODY = 4 * 1024 * 1024;
const LONG_BODY_MILLISECONDS = 60_000;

/**
 * A bucket in S3.
 *
 * @param answerMilliseconds how long an answer may take, default 10,000
 */
export function createBucket(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
  answerMilliseconds?: number,
): Bucket {
  const s3 = lazily(async () => {
    const sdk = await import('@aws-sdk/client-s3');
    // Emulators are reached by address: the bucket's name can't be part of the host there.
    const isEmulated = Boolean(environment['AWS_ENDPOINT_URL_S3'] ?? environment['AWS_ENDPOINT_URL']);
    return {
      sdk,
      client: new sdk.S3Client({ ...awsDefaults(answerMilliseconds), forcePathStyle: isEmulated }),
    };
  });

  const read = async (key: string): Promise<ReadObject> => {
    const { sdk, client } = await s3();
    try {
      const answer = await client.send(new sdk.GetObjectCommand({ Bucket: name, Key: key }));
      if (answer.Body === undefined || answer.ETag === undefined) throw new TypeError('no body');
      return { body: await answer.Body.transformToByteArray(), etag: answer.ETag };
    } catch (error) {
      // By its name only: a 404 of somebody else on the way, or of a bucket that is gone, says nothing of the object, and
      // who takes it for an absent HOLD withdraws what people have stopped.
      if (awsStatus(error) === 404 && error instanceof Error && error.name === 'NoSuchKey')
        return awsHeader(error, 'x-amz-delete-marker') === 'true' ? 'deleted' : 'absent';
      throw unavailable(`Reading ${key}`, name, error);
    }
  };

  return {
    location: `s3://${name}`,
    read,
    exists: async (key) => typeof (await read(key)) !== 'string',
    async write(key, body, contentType) {
      const { sdk, client } = await s3();
      try {
        const { ETag } = await client.send(
          new sdk.PutObjectCommand({ Bucket: name, Key: key, Body: body, ContentType: contentType }),
          body.length > LONG_BODY ? { requestTimeout: LONG_BODY_MILLISECONDS } : {},
        );
        // A page of somebody in between comes with 200, too.
        if (ETag === undefined) throw new TypeError('no etag');
      } catch (error) {
        throw unavailable(`Writing ${key}`, name, error);
      }
    },
    async writeIf(key, body, etag) {
      const { sdk, client } = await s3();
      const condition = etag === undefined ? { IfNoneMatch: '*' } : { IfMatch: etag };
      try {
        const answer = await client.send(
          new sdk.PutObjectCommand({
            Bucket: name,
            Key: key,
            Body: body,
            ContentType: 'application/json',
            ...condition,
          }),
        );
        if (answer.ETag === undefined) throw new TypeError('no etag');
        return { etag: answer.ETag };
      } catch (error) {
        const status = awsStatus(error);
        if (status !== undefined && status !== 412 && status !== 409 && status !== 404 && status < 500)
          throw unavailable(`Writing ${key}`, name, error);
        // Refused, or the answer was lost, perhaps of a try that succeeded: what is there now tells.
        const found = await read(key);
        if (typeof found !== 'string' && new TextDecoder().decode(found.body) === body)
          return { etag: found.etag };
        if (status === 412 || status === 409 || status === 404) return 'conflict';
        throw unavailable(`Writing ${key}`, name, error);
      }
    },
  };
}
