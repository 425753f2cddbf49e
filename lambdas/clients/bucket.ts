/** The bucket in S3. */
import { Readable } from 'node:stream';
import { AuditorError } from '../errors.ts';
import {
  ANSWER_MILLISECONDS,
  AWS_ATTEMPTS,
  type AwsOptions,
  awsDefaults,
  awsHeader,
  awsReason,
  awsStatus,
  lazily,
  transferMilliseconds,
  withinTime,
} from './aws.ts';
import { systemClock } from './http.ts';
import type { Bucket, ReadObject, StoredObject, TopObject } from './ports.ts';

/** Bytes from which on a body is sent by a client with more patience: the report on 100,000 deployments is some 60 MB. */
const LONG_BODY = 1024 * 1024;
/** Milliseconds before a body is read again, which the SDK does not do; twice as long before the third time. */
const FIRST_RETRY_WAIT_MS = 200;

/** A bucket in S3. */
export function createBucket(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
  options: AwsOptions = {},
): Bucket {
  return new S3Bucket(name, environment, options);
}

class S3Bucket implements Bucket {
  readonly location: string;
  private readonly name: string;
  private readonly options: AwsOptions;
  private readonly isEmulated: boolean;
  private readonly s3: () => Promise<S3>;

  constructor(name: string, environment: Readonly<Record<string, string | undefined>>, options: AwsOptions) {
    this.location = `s3://${name}`;
    this.name = name;
    this.options = options;
    // Emulators are reached by address: the bucket's name can't be part of the host there.
    this.isEmulated = Boolean(environment['AWS_ENDPOINT_URL_S3'] ?? environment['AWS_ENDPOINT_URL']);
    this.s3 = lazily(() => loadS3(options, this.isEmulated));
  }

  async read(key: string, most = Infinity): Promise<ReadObject> {
    try {
      return await this.readAgain(key, most);
    } catch (error) {
      return this.absence(`Reading ${key}`, error);
    }
  }

  async exists(key: string): Promise<boolean> {
    const { sdk, client } = await this.s3();
    try {
      // Its first byte tells: a HEAD can't tell an object that is not there from a bucket that is not.
      await withinTime(this.options, async (abortSignal) => {
        const command = new sdk.GetObjectCommand({ Bucket: this.name, Key: key, Range: 'bytes=0-0' });
        const { Body } = await client.send(command, { abortSignal });
        if (Body instanceof Readable) Body.destroy();
      });
      return true;
    } catch (error) {
      // An empty object has no first byte.
      if (awsStatus(error) === 416) return true;
      return typeof this.absence(`Reading ${key}`, error) !== 'string';
    }
  }

  async listTop(): Promise<readonly TopObject[]> {
    try {
      return await withinTime(this.options, (signal) => this.listPages(signal));
    } catch (error) {
      throw this.unavailable('Listing the objects', error);
    }
  }

  async write(key: string, body: string, contentType: string): Promise<void> {
    try {
      await this.put({ Key: key, ContentType: contentType }, body);
    } catch (error) {
      throw this.unavailable(`Writing ${key}`, error);
    }
  }

  async writeIf(key: string, body: string, etag: string | undefined): Promise<{ etag: string } | 'conflict'> {
    const condition = etag === undefined ? { IfNoneMatch: '*' } : { IfMatch: etag };
    try {
      return await this.put({ Key: key, ContentType: 'application/json', ...condition }, body);
    } catch (error) {
      const status = awsStatus(error);
      if (status !== undefined && status !== 412 && status !== 409 && status !== 404 && status < 500)
        throw this.unavailable(`Writing ${key}`, error);
      // Refused, or the answer was lost, perhaps of a try that succeeded: what is there now tells.
      const found = await this.read(key);
      if (typeof found !== 'string' && new TextDecoder().decode(found.body) === body)
        return { etag: found.etag };
      if (status === 412 || status === 409 || status === 404) return 'conflict';
      throw this.unavailable(`Writing ${key}`, error);
    }
  }

  private async listPages(abortSignal: AbortSignal): Promise<TopObject[]> {
    const { sdk, client } = await this.s3();
    const found: TopObject[] = [];
    let ContinuationToken: string | undefined;
    do {
      const command = new sdk.ListObjectsV2Command({ Bucket: this.name, Delimiter: '/', ContinuationToken });
      const page = await client.send(command, { abortSignal });
      for (const { Key, LastModified } of page.Contents ?? [])
        if (Key !== undefined) found.push({ key: Key, at: LastModified?.getTime() });
      for (const { Prefix } of page.CommonPrefixes ?? [])
        if (Prefix !== undefined) found.push({ key: Prefix });
      ContinuationToken = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (ContinuationToken !== undefined);
    return found;
  }

  /** Reads a whole object; a body that breaks off or stops half way is read again. */
  private async readAgain(key: string, most: number): Promise<StoredObject> {
    const { clock = systemClock } = this.options;
    for (let tries = 1; ; tries++) {
      try {
        return await this.readOnce(key, most);
      } catch (error) {
        if (tries >= AWS_ATTEMPTS || !(error instanceof BrokenBody)) throw error;
      }
      await clock.sleep(FIRST_RETRY_WAIT_MS * 2 ** (tries - 1) * (0.5 + clock.random()));
    }
  }

  private async readOnce(key: string, most: number): Promise<StoredObject> {
    const { sdk, client } = await this.s3();
    const command = new sdk.GetObjectCommand({ Bucket: this.name, Key: key });
    const { Body, ETag, ContentLength } = await withinTime(this.options, (abortSignal) =>
      client.send(command, { abortSignal }),
    );
    if (!(Body instanceof Readable) || ETag === undefined) throw new TypeError('no body');
    const expected = ContentLength === undefined ? undefined : Math.min(ContentLength, most + 1);
    const read = (signal: AbortSignal): Promise<Uint8Array | undefined> => {
      signal.addEventListener('abort', () => Body.destroy(), { once: true });
      return firstBytes(Body, most + 1).catch(() => undefined);
    };
    const body = await withinTime(this.options, read, expected);
    if (body === undefined || (expected !== undefined && body.length !== expected)) throw new BrokenBody();
    return { body, etag: ETag };
  }

  private async put(object: Omit<PutObject, 'Body'>, text: string): Promise<{ etag: string }> {
    const body = Buffer.from(text);
    const { sdk, client } = await (body.length > LONG_BODY ? this.patientS3(body.length) : this.s3());
    const command = new sdk.PutObjectCommand({ Bucket: this.name, ...object, Body: body });
    const { ETag } = await withinTime(
      this.options,
      (abortSignal) => client.send(command, { abortSignal }),
      body.length,
    );
    // A page of somebody in between comes with 200, too.
    if (ETag === undefined) throw new TypeError('no etag');
    return { etag: ETag };
  }

  /**
   * A client that waits as long as a slow link needs for so many bytes. How long a connection may be still is one client's
   * setting, and it is still while the system's buffer, of some megabytes, is on its way.
   */
  private patientS3(bytes: number): Promise<S3> {
    const { answerMilliseconds = ANSWER_MILLISECONDS } = this.options;
    const patience = { answerMilliseconds: answerMilliseconds + transferMilliseconds(bytes) };
    return loadS3({ ...this.options, ...patience }, this.isEmulated);
  }

  /** What an error says of an object that is not there; any other is thrown. */
  private absence(doing: string, error: unknown): 'absent' | 'deleted' {
    // By its name only: a 404 of somebody else on the way, or of a bucket that is gone, says nothing of the object, and
    // who takes it for an absent HOLD withdraws what people have stopped.
    if (awsStatus(error) === 404 && error instanceof Error && error.name === 'NoSuchKey')
      return awsHeader(error, 'x-amz-delete-marker') === 'true' ? 'deleted' : 'absent';
    throw this.unavailable(doing, error);
  }

  private unavailable(doing: string, error: unknown): AuditorError {
    const cure =
      awsStatus(error) === 403
        ? "check the function's rights on bucket and key (without s3:ListBucket a missing object looks like a forbidden one)"
        : 'check that the bucket exists and try again later';
    return new AuditorError(
      'StorageUnavailable',
      `${doing} in the bucket ${this.name} failed (${awsReason(error)}); ${cure}.`,
    );
  }
}

/** What a stream begins with, so many bytes at the most; the rest of it is not waited for. */
async function firstBytes(stream: Readable, most: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  // To leave the loop ends the stream.
  for await (const chunk of stream) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('no bytes');
    const taken = Buffer.from(chunk.buffer, chunk.byteOffset, Math.min(chunk.length, most - length));
    chunks.push(taken);
    length += taken.length;
    if (length >= most) break;
  }
  const whole = Buffer.concat(chunks);
  return new Uint8Array(whole.buffer, whole.byteOffset, whole.length);
}

/** An object of which not all came. */
class BrokenBody extends Error {
  override readonly name = 'BrokenBody';
}

interface S3 {
  readonly sdk: typeof import('@aws-sdk/client-s3');
  readonly client: import('@aws-sdk/client-s3').S3Client;
}
type PutObject = Omit<import('@aws-sdk/client-s3').PutObjectCommandInput, 'Bucket'>;

async function loadS3(options: AwsOptions, forcePathStyle: boolean): Promise<S3> {
  const sdk = await import('@aws-sdk/client-s3');
  const client = new sdk.S3Client({ ...awsDefaults(options), forcePathStyle });
  options.scope?.atEnd(() => {
    client.destroy();
  });
  return { sdk, client };
}
