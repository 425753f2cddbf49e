import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  randomUUID,
  sign,
  type KeyObject,
} from 'node:crypto';
import type { DockerHubStandIn } from './docker-hub.ts';
import { StandIn, type Received, type Reply } from './server.ts';

/** Who signs the bearers of the token service; a real registry is given the certificate to trust. */
export interface Signer {
  readonly key: KeyObject;
  /** The certificate in base64 DER, for the header `x5c`; absent where nobody checks it. */
  readonly certificate?: string;
}

/** A signer from PEM texts, as `openssl req -x509` makes them. */
export function signerFrom(keyPem: string, certificatePem: string): Signer {
  return {
    key: createPrivateKey(keyPem),
    certificate: certificatePem.replace(/-----[^-]+-----|\s/g, ''),
  };
}

function credentials(request: Received): [string, string] | undefined {
  const basic = /^Basic (.+)$/.exec(request.headers['authorization'] ?? '')?.[1];
  const [user, ...rest] = Buffer.from(basic ?? '', 'base64')
    .toString()
    .split(':');
  return basic === undefined || user === undefined ? undefined : [user, rest.join(':')];
}

/** The registry's token service: hands out bearers for what a token may do, also for nothing. */
export class TokenServiceStandIn extends StandIn {
  service = 'registry.docker.io';
  issuer = 'auth.docker.io';
  /** Repositories that the account may read. */
  readonly readable = new Set(['riaktr/base']);
  readonly secrets = new Set<string>();
  readonly granted = new Map<string, string>();

  constructor(
    hub: DockerHubStandIn,
    signer: Signer = { key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey },
  ) {
    super((request) => this.route(request, hub, signer));
  }

  private route(request: Received, hub: DockerHubStandIn, signer: Signer): Reply {
    if (request.url.pathname !== '/token') return { status: 404, body: { details: 'not found' } };
    const given = credentials(request);
    const found = given === undefined ? undefined : hub.find(given[1]);
    if (given !== undefined && (given[0] !== hub.username || found?.usable !== true)) {
      const isOver = found?.token.is_active === true;
      return {
        status: 401,
        body: { details: isOver ? 'personal access token is expired' : 'incorrect username or password' },
      };
    }
    const [type, name = '', actions = ''] = (request.url.searchParams.get('scope') ?? '').split(':');
    const scopes = found?.token.scopes ?? [];
    const may =
      type === 'repository' &&
      this.readable.has(name) &&
      actions.split(',').every((action) => action === 'pull') &&
      scopes.some((scope) => /^repo:(read|write|admin)$/.test(scope));
    // A missing right is no refusal: the bearer is simply empty.
    const access = may ? [{ type, name, actions: ['pull'] }] : [];
    const now = Math.floor(Date.now() / 1000);
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const head = {
      alg: 'RS256',
      typ: 'JWT',
      ...(signer.certificate === undefined ? {} : { x5c: [signer.certificate] }),
    };
    const claims = {
      iss: this.issuer,
      aud: request.url.searchParams.get('service') ?? this.service,
      sub: given?.[0] ?? '',
      exp: now + 300,
      nbf: now - 5,
      iat: now,
      jti: randomUUID(),
      access,
    };
    const body = `${part(head)}.${part(claims)}`;
    const bearer = `${body}.${sign('sha256', Buffer.from(body), signer.key).toString('base64url')}`;
    this.secrets.add(bearer);
    if (may) this.granted.set(bearer, name);
    return { status: 200, body: { token: bearer, expires_in: 300 } };
  }
}

/** The registry itself, as far as manifests go. */
export class RegistryStandIn extends StandIn {
  readonly images = new Set(['riaktr/base:3.12']);

  constructor(tokenService: TokenServiceStandIn) {
    super((request) => this.route(request, tokenService));
  }

  private route({ url, headers }: Received, tokenService: TokenServiceStandIn): Reply {
    const [, repository, tag] = /^\/v2\/(.+)\/manifests\/([^/]+)$/.exec(url.pathname) ?? [];
    const bearer = /^Bearer (.+)$/.exec(headers['authorization'] ?? '')?.[1] ?? '';
    if (repository === undefined || tag === undefined || tokenService.granted.get(bearer) !== repository)
      return {
        status: 401,
        headers: {
          'www-authenticate': `Bearer realm="${tokenService.url}/token",service="${tokenService.service}"`,
        },
        body: { errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] },
      };
    if (!this.images.has(`${repository}:${tag}`))
      return { status: 404, body: { errors: [{ code: 'MANIFEST_UNKNOWN' }] } };
    const digest = createHash('sha256').update(`${repository}:${tag}`).digest('hex');
    return {
      status: 200,
      headers: {
        'content-type': 'application/vnd.oci.image.index.v1+json',
        'docker-content-digest': `sha256:${digest}`,
      },
      body: '{"schemaVersion":2}',
    };
  }
}
