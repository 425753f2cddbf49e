// Has moto's STS check what we sign for Vault: Vault does nothing else with it than send it on to AWS.
import assert from 'node:assert/strict';
import { createSignIdentity } from '../../lambdas/clients/aws-identity.ts';
import { systemClock } from '../../lambdas/clients/http.ts';
import { REGION } from './moto.ts';

const SERVER_ID = 'vault.example';

/** @throws Error where moto takes what it should not, or refuses what it should take */
export async function checkIdentity(url: string): Promise<void> {
  const { id, secret } = await makeUser(url);
  const before = process.env;
  process.env = { ...before, AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret };
  // From here on moto checks signatures.
  await fetch(`${url}/moto-api/reset-auth`, { method: 'POST', body: '0' });
  try {
    const environment = { AWS_REGION: REGION, AWS_ENDPOINT_URL_STS: url };
    const sign = createSignIdentity({ serverId: SERVER_ID, clock: systemClock, environment });
    const { method, body, headers } = await sign();
    // As Vault sends it on: the signed headers and the body, to the endpoint that it knows.
    const send = (changed: Record<string, string> = {}, text = body): Promise<Response> =>
      fetch(`${url}/`, { method, body: text, headers: withoutLength({ ...headers, ...changed }) });
    const good = await send();
    const answer = await good.text();
    assert.equal(good.status, 200, answer);
    assert.match(answer, /:user\/hub-token-auditor/);
    assert.match(headers['authorization'] ?? '', /SignedHeaders=[^,]*x-vault-aws-iam-server-id/);
    for (const wrong of [
      await send({ 'x-vault-aws-iam-server-id': 'elsewhere' }),
      await send({}, `${body}&More=1`),
    ])
      assert.equal(wrong.status, 403, 'A request that was changed after it was signed was taken.');
    console.log(
      "ok moto's STS takes what is signed for Vault's AWS login, and nothing that was changed afterwards",
    );
  } finally {
    process.env = before;
    await fetch(`${url}/moto-api/reset-auth`, { method: 'POST', body: 'Infinity' });
  }
}

/** A length that is not sent twice: the client works it out itself. */
function withoutLength(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !['content-length', 'host'].includes(name)),
  );
}

/** A user with a key, who may do everything. */
async function makeUser(url: string): Promise<{ id: string; secret: string }> {
  const iam = async (parameters: Record<string, string>): Promise<string> => {
    const answer = await fetch(`${url}/`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization:
          'AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=x',
      },
      body: new URLSearchParams({
        Version: '2010-05-08',
        UserName: 'hub-token-auditor',
        ...parameters,
      }).toString(),
    });
    return answer.text();
  };
  await iam({ Action: 'CreateUser' });
  const allow = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
  await iam({ Action: 'PutUserPolicy', PolicyName: 'all', PolicyDocument: JSON.stringify(allow) });
  const key = await iam({ Action: 'CreateAccessKey' });
  const of = (tag: string): string => new RegExp(`<${tag}>([^<]+)<`).exec(key)?.[1] ?? '';
  return { id: of('AccessKeyId'), secret: of('SecretAccessKey') };
}
