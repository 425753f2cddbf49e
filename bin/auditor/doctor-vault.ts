// What `doctor` asks Vault about the rights of its own token: which of those that the functions need are there.

import * as v from 'valibot';
import { createHttp } from '../../lambdas/clients/http.ts';
import { createLoginSecret } from '../../lambdas/clients/login-secret.ts';
import type { Services } from '../../lambdas/runtime/services.ts';
import type { Checkup } from './doctor.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const loginSchema = v.object({ auth: v.object({ client_token: v.string() }) });
const capabilitiesSchema = v.object({ data: v.record(v.string(), v.unknown()) });
const mountSchema = v.object({
  data: v.object({ options: v.nullish(v.object({ version: v.optional(v.string()) })) }),
});

const SUBJECT = 'Vault rights';

/** Asks Vault which rights its token has on the three paths; asking needs no right beyond Vault's default policy. */
export async function doctorVault(
  services: Services,
  environment: Environment,
): Promise<Checkup | Checkup[]> {
  const { settings, clock, deadline } = services;
  const given = environment['VAULT_TOKEN']?.trim() ?? '';
  const login = given === '' ? await createLoginSecret(settings.vaultLoginSecret).read() : undefined;
  const http = createHttp({
    url: settings.vaultAddr,
    clock,
    deadline,
    ...(login?.caCert === undefined ? {} : { ca: login.caCert }),
  });
  const namespace = settings.vaultNamespace === '' ? {} : { 'x-vault-namespace': settings.vaultNamespace };
  const ask = (method: 'GET' | 'POST', path: string, token: string, body?: unknown) =>
    http.send({
      method,
      path: `/v1/${path}`,
      headers: { ...namespace, ...(token === '' ? {} : { 'x-vault-token': token }) },
      ...(body === undefined ? {} : { body }),
    });

  let token = given;
  if (login !== undefined) {
    const answer = await ask('POST', 'auth/approle/login', '', {
      role_id: login.roleId,
      secret_id: login.secretId,
    });
    const parsed = v.safeParse(loginSchema, answer.json);
    if (!parsed.success)
      return { subject: SUBJECT, state: 'note', text: 'not asked, because the login failed' };
    token = parsed.output.auth.client_token;
  }
  try {
    const mount = await ask('GET', `sys/internal/ui/mounts/${settings.vaultMount}`, token);
    const version = versionOf(mount.json);
    const wanted = wantedRights(settings, version);
    const answer = await ask('POST', 'sys/capabilities-self', token, { paths: [...wanted.keys()] });
    const parsed = v.safeParse(capabilitiesSchema, answer.json);
    if (answer.status !== 200 || !parsed.success)
      return {
        subject: SUBJECT,
        state: 'note',
        text: `Vault does not say which rights this login has (status ${answer.status}); compare its policy with the one in the README`,
      };
    return rightsOf(wanted, parsed.output.data, version);
  } finally {
    // What was got by logging in is given back; a token that somebody brought is theirs.
    if (login !== undefined) await ask('POST', 'auth/token/revoke-self', token, {});
  }
}

function versionOf(json: unknown): 1 | 2 {
  const parsed = v.safeParse(mountSchema, json);
  return parsed.success && parsed.output.data.options?.version === '1' ? 1 : 2;
}

/** The rights that a night and the functions on demand need, by path. */
function wantedRights(
  { vaultMount, vaultLoginPath, vaultTokensPath }: Services['settings'],
  version: 1 | 2,
): Map<string, readonly string[]> {
  return version === 1
    ? new Map([
        [`${vaultMount}/${vaultLoginPath}`, ['read']],
        [`${vaultMount}/${vaultTokensPath}`, ['read', 'update']],
      ])
    : new Map([
        [`${vaultMount}/data/${vaultLoginPath}`, ['read']],
        [`${vaultMount}/data/${vaultTokensPath}`, ['read', 'patch']],
        [`${vaultMount}/subkeys/${vaultTokensPath}`, ['read']],
      ]);
}

function rightsOf(
  wanted: ReadonlyMap<string, readonly string[]>,
  had: Readonly<Record<string, unknown>>,
  version: 1 | 2,
): Checkup[] {
  const missing = [...wanted].flatMap(([path, rights]): Checkup[] => {
    const listed: unknown = had[path];
    const there: readonly unknown[] = Array.isArray(listed) ? listed : [];
    const lacking = rights.filter((right) => !there.includes(right) && !there.includes('root'));
    return lacking.length === 0
      ? []
      : [
          {
            subject: SUBJECT,
            state: 'problem',
            text: `give this login's policy the ${lacking.length === 1 ? 'capability' : 'capabilities'} ${lacking.join(' and ')} on ${path}.`,
          },
        ];
  });
  return missing.length > 0
    ? missing
    : [{ subject: SUBJECT, state: 'ok', text: `KV version ${version}, all that the functions need` }];
}
