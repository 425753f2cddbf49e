// What `doctor` asks Vault about the rights of its own token: which of those that the functions need are there.

import * as v from 'valibot';
import { VaultRefusal } from '../../lambdas/clients/vault-send.ts';
import { type VaultClient, VaultSession } from '../../lambdas/clients/vault-session.ts';
import { isAuditorError } from '../../lambdas/errors.ts';
import { vaultLogin } from '../../lambdas/runtime/make-services.ts';
import type { Services } from '../../lambdas/runtime/services.ts';
import type { Checkup } from './doctor.ts';

type Environment = Readonly<Record<string, string | undefined>>;

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
  const session = new VaultSession(
    vaultLogin(settings, { clock, deadline, token: given === '' ? undefined : given }),
  );
  const ask = (work: (client: VaultClient) => Promise<unknown>): Promise<unknown> =>
    session.ask(work).catch((error: unknown) => {
      if (error instanceof VaultRefusal) return undefined;
      throw error;
    });
  try {
    const mount = await ask((client) => client.read(`sys/internal/ui/mounts/${settings.vaultMount}`));
    const version = versionOf(mount);
    const wanted = wantedRights(settings, version);
    const paths = [...wanted.keys()];
    const answer = await ask((client) => client.write('sys/capabilities-self', { paths }));
    const parsed = v.safeParse(capabilitiesSchema, answer);
    if (!parsed.success)
      return {
        subject: SUBJECT,
        state: 'note',
        text: 'Vault does not say which rights this login has; compare its policy with the one in the README',
      };
    return rightsOf(wanted, parsed.output.data, version);
  } catch (error) {
    if (!isAuditorError(error, 'VaultLoginFailed', 'VaultUnavailable', 'SecretUnavailable')) throw error;
    return { subject: SUBJECT, state: 'note', text: 'not asked, because the login failed' };
  } finally {
    await session.close();
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
