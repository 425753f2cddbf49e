// The routes of S3, as far as the functions use them.
import { randomUUID } from 'node:crypto';
import type { SandboxAnswer, SandboxRequest } from './faults.ts';
import { type S3Bucket, type S3Version, decodeChunks } from './s3-store.ts';

/** What differs from bucket to bucket; each is a field that a test sets. */
export interface S3Switches {
  /** Whether the caller may list the bucket: if not, a missing object looks like a forbidden one. */
  mayList: boolean;
  /** Keys that the caller may not read or write, each with the methods that are denied. */
  readonly denied: Map<string, readonly string[]>;
}

const XML = { 'content-type': 'application/xml' };

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** An error as S3 writes it down. */
export function s3Error(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): SandboxAnswer {
  return {
    status,
    headers: { ...XML, ...headers },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${escaped(message)}</Message><RequestId>${randomUUID()}</RequestId></Error>`,
  };
}

const DENIED = (): SandboxAnswer => s3Error(403, 'AccessDenied', 'Access Denied');

function versionHeaders(version: S3Version): Record<string, string> {
  return {
    'x-amz-version-id': version.versionId,
    ...(version.isDeleteMarker ? { 'x-amz-delete-marker': 'true' } : { etag: version.etag }),
  };
}

function read(bucket: S3Bucket, key: string, query: URLSearchParams, switches: S3Switches): SandboxAnswer {
  const versionId = query.get('versionId');
  const version = versionId === null ? bucket.current(key) : bucket.version(key, versionId);
  if (version === undefined || version.isDeleteMarker) {
    if (!switches.mayList) return DENIED();
    return s3Error(
      404,
      versionId === null ? 'NoSuchKey' : 'NoSuchVersion',
      'The specified key does not exist.',
      version === undefined ? {} : versionHeaders(version),
    );
  }
  return {
    status: 200,
    headers: {
      ...versionHeaders(version),
      'content-type': version.contentType,
      'last-modified': new Date(version.at).toUTCString(),
      'accept-ranges': 'bytes',
    },
    body: version.body,
  };
}

function put(bucket: S3Bucket, key: string, { headers, body }: SandboxRequest): SandboxAnswer {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  const refusal = bucket.refusal(key, {
    ...(ifMatch === undefined ? {} : { ifMatch }),
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch }),
  });
  if (refusal === 404) return s3Error(404, 'NoSuchKey', 'The specified key does not exist.');
  if (refusal === 412)
    return s3Error(
      412,
      'PreconditionFailed',
      'At least one of the pre-conditions you specified did not hold',
    );
  const isChunked =
    (headers['content-encoding'] ?? '').includes('aws-chunked') ||
    (headers['x-amz-content-sha256'] ?? '').startsWith('STREAMING-');
  const version = bucket.put(key, isChunked ? decodeChunks(body) : body, headers['content-type']);
  return { status: 200, headers: versionHeaders(version) };
}

function remove(bucket: S3Bucket, key: string, query: URLSearchParams): SandboxAnswer {
  const versionId = query.get('versionId');
  if (versionId === null) return { status: 204, headers: versionHeaders(bucket.delete(key)) };
  bucket.deleteVersion(key, versionId);
  return { status: 204, headers: { 'x-amz-version-id': versionId } };
}

/** `ListObjectsV2`, with prefix, delimiter and continuation. */
function listObjects(name: string, bucket: S3Bucket, query: URLSearchParams): SandboxAnswer {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const most = Number(query.get('max-keys') ?? 1000);
  const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
  const folderOf = (key: string): string | undefined => {
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    return cut < 0 ? undefined : key.slice(0, cut + delimiter.length);
  };
  const matching = bucket.keys.filter((key) => key.startsWith(prefix));
  const entries = [...new Set(matching.map((key) => folderOf(key) ?? key))].filter((entry) => entry > after);
  const page = entries.slice(0, most);
  const isCut = entries.length > page.length;
  const rows = page.map((entry) => {
    const version = bucket.current(entry);
    if (version === undefined || folderOf(entry) !== undefined)
      return `<CommonPrefixes><Prefix>${escaped(entry)}</Prefix></CommonPrefixes>`;
    return `<Contents><Key>${escaped(entry)}</Key><LastModified>${new Date(version.at).toISOString()}</LastModified><ETag>${escaped(version.etag)}</ETag><Size>${version.body.length}</Size><StorageClass>STANDARD</StorageClass></Contents>`;
  });
  const next = isCut ? `<NextContinuationToken>${escaped(page.at(-1) ?? '')}</NextContinuationToken>` : '';
  return {
    status: 200,
    headers: XML,
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${name}</Name><Prefix>${escaped(prefix)}</Prefix><KeyCount>${page.length}</KeyCount><MaxKeys>${most}</MaxKeys><IsTruncated>${isCut}</IsTruncated>${next}${rows.join('')}</ListBucketResult>`,
  };
}

function listVersions(name: string, bucket: S3Bucket, query: URLSearchParams): SandboxAnswer {
  const prefix = query.get('prefix') ?? '';
  const rows = bucket.versions
    .filter(({ key }) => key.startsWith(prefix))
    .map(({ key, version, isLatest }) => {
      const kind = version.isDeleteMarker ? 'DeleteMarker' : 'Version';
      const rest = version.isDeleteMarker
        ? ''
        : `<ETag>${escaped(version.etag)}</ETag><Size>${version.body.length}</Size>`;
      return `<${kind}><Key>${escaped(key)}</Key><VersionId>${version.versionId}</VersionId><IsLatest>${isLatest}</IsLatest><LastModified>${new Date(version.at).toISOString()}</LastModified>${rest}</${kind}>`;
    });
  return {
    status: 200,
    headers: XML,
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${name}</Name><IsTruncated>false</IsTruncated>${rows.join('')}</ListVersionsResult>`,
  };
}

/**
 * S3 by path (`/bucket/key`), as far as it is used: get, head, put, delete, the two listings, versions, and conditional
 * puts.
 */
export function serveS3(
  request: SandboxRequest,
  buckets: ReadonlyMap<string, S3Bucket>,
  switches: S3Switches,
): SandboxAnswer {
  const { method, path, query } = request;
  const [, name = '', rest = ''] = /^\/([^/]+)(?:\/(.*))?$/.exec(path) ?? [];
  const key = decodeURIComponent(rest);
  const bucket = buckets.get(name);
  if (bucket === undefined) return s3Error(404, 'NoSuchBucket', 'The specified bucket does not exist');
  if (switches.denied.get(key)?.includes(method) === true) return DENIED();
  if (key === '') {
    if (method === 'HEAD') return { status: 200 };
    if (method !== 'GET') return s3Error(405, 'MethodNotAllowed', 'The specified method is not allowed.');
    if (!switches.mayList) return DENIED();
    return query.has('versions') ? listVersions(name, bucket, query) : listObjects(name, bucket, query);
  }
  switch (method) {
    case 'GET':
    case 'HEAD':
      return read(bucket, key, query, switches);
    case 'PUT':
      return put(bucket, key, request);
    case 'DELETE':
      return remove(bucket, key, query);
    default:
      return s3Error(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.');
  }
}
