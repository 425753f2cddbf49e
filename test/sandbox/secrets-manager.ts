// Secrets Manager, as far as the functions use it.
import { randomUUID } from 'node:crypto';
import type { SandboxAnswer, SandboxRequest } from './faults.ts';
import { jsonObject, textOf } from './json.ts';

/** A secret, or the error that reading it comes to. */
export type SecretState = { readonly value: string } | { readonly error: SecretError };

const ERRORS = {
  ResourceNotFoundException: [400, "Secrets Manager can't find the specified secret."],
  InvalidRequestException: [
    400,
    'You tried to perform the operation on a secret that is currently marked deleted.',
  ],
  DecryptionFailure: [
    400,
    "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
  ],
  AccessDeniedException: [400, 'User is not authorized to perform: secretsmanager:GetSecretValue'],
  InternalServiceError: [500, 'An error occurred on the server side.'],
} as const;

/** Name of an error that reading a secret may come to. */
export type SecretError = keyof typeof ERRORS;

const JSON_TYPE = { 'content-type': 'application/x-amz-json-1.1' };

function refusal(name: SecretError): SandboxAnswer {
  const [status, message] = ERRORS[name];
  return {
    status,
    headers: { ...JSON_TYPE, 'x-amzn-errortype': name },
    body: JSON.stringify({ __type: name, Message: message, message }),
  };
}

/** `GetSecretValue`, by name or ARN. */
export function serveSecrets(
  request: SandboxRequest,
  secrets: ReadonlyMap<string, SecretState>,
  now: number,
): SandboxAnswer {
  const target = request.headers['x-amz-target'] ?? '';
  if (target !== 'secretsmanager.GetSecretValue')
    return { status: 400, headers: JSON_TYPE, body: '{"__type":"UnknownOperationException"}' };
  const id = textOf(jsonObject(request.body), 'SecretId');
  const state = secrets.get(id);
  if (state === undefined) return refusal('ResourceNotFoundException');
  if ('error' in state) return refusal(state.error);
  return {
    status: 200,
    headers: JSON_TYPE,
    body: JSON.stringify({
      ARN: id,
      Name: id,
      VersionId: randomUUID(),
      SecretString: state.value,
      VersionStages: ['AWSCURRENT'],
      CreatedDate: Math.floor(now / 1000),
    }),
  };
}
