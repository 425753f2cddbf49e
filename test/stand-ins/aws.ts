import { createHash } from 'node:crypto';
import { request } from 'undici';
import { startFauxqs, type FauxqsServer } from 'fauxqs';
import { StandIn, type Received, type Reply } from './server.ts';

/** One message as it was published: with all its texts, before SNS hands each subscriber its own. */
export interface Published {
  readonly subject: string;
  readonly email: string;
  readonly sqs: string;
  readonly attributes: Readonly<Record<string, string>>;
}

interface StoredVersion {
  readonly body: Buffer;
  readonly etag: string;
}

const xml = (status: number, code: string, headers: Record<string, string> = {}): Reply => ({
  status,
  headers: { 'content-type': 'application/xml', ...headers },
  body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`,
});

/** What the SDK sends in chunks with checksums behind (`aws-chunked`), put together. */
function dechunked(text: string): Buffer {
  const all = Buffer.from(text, 'latin1');
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = all.indexOf('\r\n', at);
    const size = Number.parseInt(all.subarray(at, end).toString(), 16);
    if (end < 0 || !(size > 0)) break;
    parts.push(all.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
  return Buffer.concat(parts);
}

/**
 * One endpoint for S3, SNS and Secrets Manager. SNS is fauxqs; S3 is ours, because fauxqs knows neither conditional puts
 * nor delete markers; of Secrets Manager the one call that is used.
 */
export class AwsStandIn extends StandIn {
  readonly bucket = 'hub-token-auditor-sandbox';
  /** The value of each secret, or the error that reading it gives. */
  readonly secretValues = new Map<string, string | { error: string }>();
  readonly published: Published[] = [];
  readonly objects = new Map<string, StoredVersion | 'deleted'>();
  /** Whether a missing object is 404, or 403 as without the right to list. */
  mayList = true;
  topicArn = '';
  private fauxqs: FauxqsServer | undefined;
  private serial = 0;

  constructor() {
    super((received) => this.route(received));
  }

  override async start(): Promise<this> {
    await super.start();
    this.fauxqs = await startFauxqs({ port: 0, logger: false });
    this.fauxqs.createTopic('hub-token-auditor');
    this.topicArn = 'arn:aws:sns:us-east-1:000000000000:hub-token-auditor';
    this.subscribe();
    return this;
  }

  /** Adds a confirmed subscriber. */
  subscribe(): void {
    this.fauxqs?.createQueue('support');
    this.fauxqs?.subscribe({ topic: 'hub-token-auditor', queue: 'support' });
  }

  override async close(): Promise<void> {
    await super.close();
    await this.fauxqs?.stop();
  }

  /** Writes an object as support would. */
  put(key: string, body: string | Buffer): void {
    const bytes = Buffer.from(body);
    this.serial += 1;
    // Like the SDK's: unlike a hash of the content alone, two writes of the same are two versions.
    const etag = `"${createHash('md5').update(bytes).digest('hex')}"`;
    this.objects.set(key, { body: bytes, etag });
  }

  /** The text of an object, `undefined` where it is not there. */
  text(key: string): string | undefined {
    const object = this.objects.get(key);
    return object === undefined || object === 'deleted' ? undefined : object.body.toString();
  }

  /** Keys of the objects that are there. */
  keys(prefix = ''): string[] {
    return [...this.objects].flatMap(([key, object]) =>
      object !== 'deleted' && key.startsWith(prefix) ? [key] : [],
    );
  }

  private async route(received: Received): Promise<Reply> {
    const target = received.headers['x-amz-target'] ?? '';
    if (target.startsWith('secretsmanager.')) return this.secret(received.json);
    if (received.method === 'POST' && received.url.pathname === '/') return this.sns(received);
    return this.s3(received);
  }

  private secret(json: unknown): Reply {
    const id: unknown = typeof json === 'object' && json !== null ? Reflect.get(json, 'SecretId') : undefined;
    const value = this.secretValues.get(String(id));
    const headers = { 'content-type': 'application/x-amz-json-1.1' };
    if (typeof value === 'string')
      return { status: 200, headers, body: { ARN: id, Name: id, SecretString: value } };
    const error = value?.error ?? 'ResourceNotFoundException';
    return { status: 400, headers, body: { __type: error, message: error } };
  }

  private async sns(received: Received): Promise<Reply> {
    const form = new URLSearchParams(Buffer.from(received.text, 'latin1').toString());
    if (form.get('Action') === 'Publish') this.record(form);
    const answer = await request(`http://127.0.0.1:${this.fauxqs?.port ?? 0}/`, {
      method: 'POST',
      headers: {
        'content-type': received.headers['content-type'] ?? '',
        authorization: received.headers['authorization'] ?? '',
      },
      body: Buffer.from(received.text, 'latin1'),
    });
    const type = answer.headers['content-type'];
    return {
      status: answer.statusCode,
      headers: { 'content-type': typeof type === 'string' ? type : 'text/xml' },
      body: await answer.body.text(),
    };
  }

  private record(form: URLSearchParams): void {
    const texts: unknown = JSON.parse(form.get('Message') ?? '{}');
    const text = (name: string): string =>
      typeof texts === 'object' && texts !== null ? String(Reflect.get(texts, name)) : '';
    const attributes: Record<string, string> = {};
    for (let number = 1; form.has(`MessageAttributes.entry.${number}.Name`); number++)
      attributes[form.get(`MessageAttributes.entry.${number}.Name`) ?? ''] =
        form.get(`MessageAttributes.entry.${number}.Value.StringValue`) ?? '';
    this.published.push({
      subject: form.get('Subject') ?? '',
      email: text('email'),
      sqs: text('sqs'),
      attributes,
    });
  }

  private s3({ method, url, headers, text }: Received): Reply {
    const [, bucket, key = ''] = /^\/([^/]+)\/?(.*)$/.exec(decodeURIComponent(url.pathname)) ?? [];
    if (bucket !== this.bucket) return xml(404, 'NoSuchBucket');
    const object = this.objects.get(key);
    const current = typeof object === 'object' ? object : undefined;
    if (method === 'PUT') {
      const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
      if (ifNoneMatch === '*' && current !== undefined) return xml(412, 'PreconditionFailed');
      if (ifMatch !== undefined && current === undefined) return xml(404, 'NoSuchKey');
      if (ifMatch !== undefined && ifMatch !== current?.etag) return xml(412, 'PreconditionFailed');
      const isChunked = (headers['content-encoding'] ?? '').includes('aws-chunked');
      this.put(key, isChunked ? dechunked(text) : Buffer.from(text, headers['content-type']?.includes('json') ? 'utf8' : 'latin1')); // prettier-ignore
      const written = this.objects.get(key);
      return { status: 200, headers: { etag: typeof written === 'object' ? written.etag : '' } };
    }
    if (method === 'DELETE') {
      this.objects.set(key, 'deleted');
      return { status: 204, headers: { 'x-amz-delete-marker': 'true' } };
    }
    if (current !== undefined)
      return {
        status: 200,
        headers: {
          etag: current.etag,
          'content-type': 'application/octet-stream',
          'content-length': String(current.body.length),
        },
        body: current.body,
      };
    if (!this.mayList) return xml(403, 'AccessDenied');
    return xml(404, 'NoSuchKey', object === 'deleted' ? { 'x-amz-delete-marker': 'true' } : {});
  }
}
