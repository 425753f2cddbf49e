// The forms of Vault's answers.
import { randomUUID } from 'node:crypto';
import { type SandboxAnswer, answering } from './faults.ts';
import { type JsonObject, jsonObject, textOf } from './json.ts';

export const JSON_TYPE = { 'content-type': 'application/json' };

/** A refusal as Vault writes it down. */
export function failure(status: number, ...errors: string[]): SandboxAnswer {
  return { status, body: { errors } };
}

/** What every answer with data is wrapped in. */
export function envelope(data: JsonObject | null, extra: JsonObject = {}): JsonObject {
  return {
    request_id: randomUUID(),
    lease_id: '',
    renewable: false,
    lease_duration: 0,
    data,
    wrap_info: null,
    warnings: null,
    auth: null,
    ...extra,
  };
}

/** Vault's own bad days, for {@link FaultPlan}s. */
export const VAULT_FAULTS = {
  sealed: answering('Vault is sealed', failure(503, 'Vault is sealed')),
  noActive: answering(
    'no active Vault instance',
    failure(503, 'local node not active but active cluster node not found: no active Vault instance found'),
  ),
  quota: answering('rate limit quota exceeded', (_now, { path }) =>
    failure(429, `request path ${JSON.stringify(path.slice('/v1/'.length))}: rate limit quota exceeded`),
  ),
  upgrading: answering(
    'mount is being upgraded',
    failure(
      400,
      'Upgrading from non-versioned to versioned data. This backend will be unavailable for a brief period and will resume service shortly.',
    ),
  ),
  lagging: answering('replica lags behind', failure(412, 'required index state not present')),
  performanceStandby: answering('473 performance standby', failure(473)),
  recovery: answering('472 disaster recovery', failure(472)),
  /** A race in AppRole: the error text repeats the secret id. */
  secretIdEcho: answering('error that echoes the secret id', (_now, { body }) =>
    failure(400, `invalid secret_id ${JSON.stringify(textOf(jsonObject(body), 'secret_id'))}`),
  ),
} as const;
