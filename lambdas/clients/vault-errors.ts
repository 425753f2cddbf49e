// What Vault's refusals mean, each as one of our errors with its cure; none of Vault's own words go into them.
import * as v from 'valibot';
import { AuditorError, type ErrorName, isAuditorError } from '../errors.ts';
import { escapeText } from '../text/display.ts';
import { SecretToRestore, WriteNotRetried } from './ports.ts';
import { VaultRefusal } from './vault-send.ts';

/** What a request was about, for sentences and cures. */
export interface VaultRequestContext {
  /** Beginning of the sentence: "Reading the deployments' keys". */
  readonly doing: string;
  /** The path as policies name it. */
  readonly path: string;
  /** What a policy must allow on it. */
  readonly capability: string;
  /** Mount and secret as people name them. */
  readonly secret: string;
}

/** Where logins go, for sentences. */
export interface LoginContext {
  /** "by AppRole". */
  readonly how: string;
  /** `auth/approle`. */
  readonly mount: string;
  readonly namespace: string;
  /** What to correct where the credentials themselves are refused. */
  readonly cure: string;
}

const IN_FRONT_CURE =
  'look at the configured address and at the proxies, firewalls and load balancers on the way to Vault';
const TRY_LATER = "look at Vault's state (vault status) and try again later";
const TRY_AGAIN = 'try again: the secret is read again then';
/** What makes a token end before its time. */
const TOKEN_LIMITS =
  "check in Vault how long the role's tokens live (token_ttl, token_max_ttl), how often they may be used (token_num_uses) and from which addresses (token_bound_cidrs)";

/** Where the answer, or the lack of one, says nothing of Vault itself. */
function transportError(beginning: string, refusal: VaultRefusal): AuditorError | undefined {
  const { status, body, message } = refusal;
  const unavailable = (what: string, cure: string): AuditorError =>
    new AuditorError('VaultUnavailable', `${beginning} failed, because ${what}; ${cure}.`);
  if (status === 0)
    return message.includes('certificate is not trusted')
      ? unavailable(
          message,
          'where Vault has a private certificate authority, put its PEM as ca_cert into the Vault login secret (vault.caCert in the configuration, VAULT_CACERT on the command line)',
        )
      : unavailable(escapeText(message, 120), TRY_LATER);
  if (status >= 300 && status < 400)
    return unavailable(
      `it was answered with a redirect (status ${status}), which would take the token elsewhere and is not followed`,
      `a standby server sends requests on like that, and so does something in front of Vault: ${IN_FRONT_CURE}`,
    );
  if (body === undefined && status >= 400)
    return unavailable(
      `it was answered with status ${status} without the promised JSON, by something in front of Vault`,
      `${IN_FRONT_CURE}, or try again later`,
    );
  if (status === 503 && /sealed/i.test(refusal.words)) return unavailable('Vault is sealed', TRY_LATER);
  return undefined;
}

/** An error about logging in. */
export function loginError(error: unknown, context: LoginContext): AuditorError {
  if (isAuditorError(error)) return error;
  const doing = 'Logging in to Vault';
  const refusal = asRefusal(error);
  const { status, words } = refusal;
  const { how, mount, namespace, cure } = context;
  const inFront = transportError(doing, refusal);
  if (inFront !== undefined) return inFront;
  if (![400, 403, 404].includes(status)) return otherError(doing, refusal);
  const where = namespace === '' ? 'without a namespace' : `in the namespace ${escapeText(namespace)}`;
  const namespaceCure =
    namespace === ''
      ? "set vault.namespace where Vault has namespaces (HCP Vault's is admin)"
      : "correct vault.namespace (HCP Vault's is admin)";
  const make = (what: string, todo: string): AuditorError =>
    new AuditorError('VaultLoginFailed', `${doing} ${how} ${where} ${what} (status ${status}); ${todo}.`);
  if (/namespace/i.test(words)) return make('failed, because there is no such namespace', namespaceCure);
  if (status === 404)
    return make(
      `failed, because there is no login ${mount}`,
      `enable it (vault auth enable), or ${namespaceCure}`,
    );
  // Credentials that are wrong are a 400; a 403 comes of the namespace first of all.
  return make('was refused', status === 403 ? `${namespaceCure}; else ${cure}` : `${cure}; ${namespaceCure}`);
}

/** One of our errors for what Vault answered to a request about a secret. */
export function toVaultError(error: unknown, context: VaultRequestContext): AuditorError {
  if (isAuditorError(error)) return error;
  const refusal = asRefusal(error);
  return (
    transportError(`${context.doing} at Vault`, refusal) ??
    permissionError(refusal, context) ??
    missingError(refusal, context) ??
    writeError(refusal, context) ??
    otherError(`${context.doing} at Vault`, refusal)
  );
}

/** What passes by itself, or nobody can tell. */
function otherError(beginning: string, { status, message }: VaultRefusal): AuditorError {
  const what = status === 429 ? 'Vault limits the requests' : escapeText(message, 120);
  return new AuditorError('VaultUnavailable', `${beginning} failed, because ${what}; ${TRY_LATER}.`);
}

/** Whether a token has ended: a policy's refusal has other words. */
export function isEndedToken(error: unknown): boolean {
  if (!(error instanceof VaultRefusal) || error.status !== 403) return false;
  const { errors } = error;
  return (
    errors.some((text) => /bad token|invalid token/i.test(text)) ||
    (errors.length === 1 && errors[0]?.trim() === 'permission denied')
  );
}

function asRefusal(error: unknown): VaultRefusal {
  return error instanceof VaultRefusal ? error : new VaultRefusal(0, undefined, 'the connection failed');
}

function permissionError(refusal: VaultRefusal, context: VaultRequestContext): AuditorError | undefined {
  if (refusal.status !== 403) return undefined;
  const { doing, path, capability } = context;
  if (isEndedToken(refusal))
    return new AuditorError(
      'VaultLoginFailed',
      `${doing} at Vault failed, because Vault does not know the token, or it has ended, also after a new login; ${TOKEN_LIMITS}, and give a new one where VAULT_TOKEN is used.`,
    );
  const more =
    capability === 'create'
      ? ', and update where the secret was there before and only its metadata is left'
      : '';
  return new AuditorError(
    'VaultPermissionDenied',
    `${doing} at Vault failed, because Vault denies it (status 403); give the policy of the functions' role the capability ${capability} on ${path}${more}.`,
  );
}

const goneSchema = v.object({
  data: v.object({ metadata: v.object({ deletion_time: v.string(), destroyed: v.boolean() }) }),
});

function missingError(refusal: VaultRefusal, context: VaultRequestContext): AuditorError | undefined {
  if (refusal.status !== 404) return undefined;
  const { doing, secret } = context;
  const text = (what: string, cure: string): string => `${doing} at Vault failed, because ${what}; ${cure}.`;
  const missing = (what: string, cure: string): AuditorError =>
    new AuditorError('VaultSecretMissing', text(what, cure));
  if (/no handler for route/i.test(refusal.words))
    return missing(`there is no mount for ${secret}`, 'correct the configured Vault mount');
  if (/Invalid path for a versioned/i.test(refusal.words))
    return missing(
      `${secret} is no path of a version 2 secret`,
      'correct the configured Vault mount and path',
    );
  const gone = v.safeParse(goneSchema, refusal.body);
  if (!gone.success)
    return missing(
      `there is no secret ${secret}`,
      'create it, or let the issue function make the deployments\' one with "createSecret": true',
    );
  return gone.output.data.metadata.destroyed
    ? new SecretToRestore(
        text(
          `the latest version of ${secret} is destroyed`,
          'bring back a good version with vault kv rollback',
        ),
      )
    : new SecretToRestore(
        text(
          `the latest version of ${secret} is deleted`,
          'restore it with vault kv undelete, or a good version with vault kv rollback',
        ),
      );
}

/** The error for a secret of which nothing but its metadata is left. */
export function metadataOnlyError({ doing, secret }: VaultRequestContext): AuditorError {
  return new SecretToRestore(
    `${doing} at Vault failed, because ${secret} has metadata and no version that could be read; restore a version (vault kv undelete, vault kv rollback), or remove the rest with vault kv metadata delete before a new one is created.`,
  );
}

function writeError(refusal: VaultRefusal, context: VaultRequestContext): AuditorError | undefined {
  const { status, words } = refusal;
  const { doing, capability, secret } = context;
  const make = (name: ErrorName, what: string, cure: string): AuditorError =>
    new AuditorError(name, `${doing} at Vault failed, because ${what}; ${cure}.`);
  if (/value being too large|request body too large/i.test(words))
    return new WriteNotRetried(
      'VaultUnavailable',
      `${doing} at Vault failed, because ${secret} is full: Vault takes no more than 1 MiB in one secret; remove keys that nobody needs any more.`,
    );
  if (status === 400 && /check-and-set/i.test(words))
    return make(
      'VaultConflict',
      capability === 'create'
        ? 'the secret exists already, or its latest version is deleted'
        : 'somebody else wrote the secret in between',
      TRY_AGAIN,
    );
  if (status === 415 || status === 405)
    return make(
      'VaultUnavailable',
      `Vault does not take a merge-patch (status ${status})`,
      'use Vault 1.9 or newer, or OpenBao',
    );
  return undefined;
}
