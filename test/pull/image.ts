import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/**
 * Puts the smallest image there is (one empty layer) into a registry's file storage, where the registry itself would
 * have put it: pushing needs rights that no token of ours has.
 */
export function storeImage(root: string, repository: string, tag: string): void {
  const base = join(root, 'docker/registry/v2');
  const write = (path: string, content: Buffer | string): void => {
    mkdirSync(dirname(join(base, path)), { recursive: true });
    writeFileSync(join(base, path), content);
  };
  const blob = (bytes: Buffer): { digest: string; size: number } => {
    const hex = digestOf(bytes);
    write(`blobs/sha256/${hex.slice(0, 2)}/${hex}/data`, bytes);
    return { digest: `sha256:${hex}`, size: bytes.length };
  };
  const link = (path: string, digest: string): void => {
    write(`repositories/${repository}/${path}/link`, digest);
  };
  // Two blocks of zeros are an archive without entries.
  const archive = Buffer.alloc(1024);
  const layer = blob(gzipSync(archive));
  const config = blob(
    Buffer.from(
      JSON.stringify({
        architecture: 'amd64',
        os: 'linux',
        config: {},
        rootfs: { type: 'layers', diff_ids: [`sha256:${digestOf(archive)}`] },
      }),
    ),
  );
  const docker = 'application/vnd.docker';
  const manifest = blob(
    Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: `${docker}.distribution.manifest.v2+json`,
        config: { mediaType: `${docker}.container.image.v1+json`, ...config },
        layers: [{ mediaType: `${docker}.image.rootfs.diff.tar.gzip`, ...layer }],
      }),
    ),
  );
  const hex = manifest.digest.slice('sha256:'.length);
  for (const { digest } of [layer, config]) link(`_layers/sha256/${digest.slice('sha256:'.length)}`, digest);
  link(`_manifests/revisions/sha256/${hex}`, manifest.digest);
  link(`_manifests/tags/${tag}/current`, manifest.digest);
  link(`_manifests/tags/${tag}/index/sha256/${hex}`, manifest.digest);
}
