// What Docker's API description lacks or has otherwise than newer pages of Docker's documentation, as changes to it.

type Json = Record<string, unknown>;

const text = { type: 'string' };
const nullable = (schema: Json): Json => ({ ...schema, nullable: true });
const object = (properties: Json, required: readonly string[] = []): Json => ({
  type: 'object',
  properties,
  required,
});
const closed = (properties: Json, required: readonly string[] = []): Json => ({
  ...object(properties, required),
  additionalProperties: false,
});
const answer = (description: string, schema: Json): Json => ({
  description,
  content: { 'application/json': { schema } },
});
const refusal = answer('Refused', object({ detail: text, message: text }));

/** The four documented scopes; a new kind of permission has no documented value yet. */
const scopes = {
  type: 'array',
  items: { type: 'string', enum: ['repo:admin', 'repo:write', 'repo:read', 'repo:public_read'] },
};
const label = { type: 'string', minLength: 1, maxLength: 100 };

/** A token as newer pages show it: it may have an end, and no field besides these. */
const token = closed(
  {
    uuid: { type: 'string', format: 'uuid' },
    client_id: text,
    creator_ip: text,
    creator_ua: text,
    created_at: { type: 'string', format: 'date-time' },
    last_used: nullable({ type: 'string', format: 'date-time' }),
    generated_by: text,
    is_active: { type: 'boolean' },
    token: text,
    token_label: label,
    scopes,
    expires_at: nullable({ type: 'string', format: 'date-time' }),
  },
  ['uuid', 'is_active', 'token_label'],
);

const page = closed(
  {
    count: { type: 'integer', minimum: 0 },
    active_count: { type: 'integer', minimum: 0 },
    next: nullable(text),
    previous: nullable(text),
    results: nullable({ type: 'array', items: { $ref: '#/components/schemas/accessToken' } }),
  },
  ['count', 'results'],
);

/** The login that replaced `POST /v2/users/login`. */
const newLogin = {
  post: {
    summary: 'Create a session of ten minutes',
    requestBody: {
      required: true,
      content: {
        'application/json': { schema: closed({ identifier: text, secret: text }, ['identifier', 'secret']) },
      },
    },
    responses: {
      200: answer('A session', closed({ access_token: { type: 'string', minLength: 20 } }, ['access_token'])),
      401: answer(
        'Refused, or a second factor is wanted',
        closed({ detail: text, login_2fa_token: text }, ['detail']),
      ),
      429: { description: 'Locked out or limited' },
    },
  },
};

/** Docker's description with these changes; the given one is not touched. */
export function withOverlay(description: Json): Json {
  const changed = structuredClone(description);
  const paths = inside(changed, 'paths');
  const schemas = inside(changed, 'components', 'schemas');
  paths['/v2/auth/token'] = newLogin;
  schemas['accessToken'] = token;
  schemas['getAccessTokensResponse'] = page;
  schemas['createAccessTokenRequest'] = closed(
    {
      token_label: label,
      scopes: { ...scopes, minItems: 1 },
      expires_at: { type: 'string', format: 'date-time' },
    },
    ['token_label', 'scopes'],
  );
  schemas['patchAccessTokenRequest'] = {
    ...closed({ token_label: label, is_active: { type: 'boolean' } }),
    minProperties: 1,
  };
  for (const [path, method] of [
    ['/v2/access-tokens', 'get'],
    ['/v2/access-tokens', 'post'],
    ['/v2/access-tokens/{uuid}', 'get'],
    ['/v2/access-tokens/{uuid}', 'patch'],
    ['/v2/access-tokens/{uuid}', 'delete'],
  ] as const) {
    const responses = inside(paths, path, method, 'responses');
    responses['403'] ??= refusal;
    responses['404'] ??= refusal;
  }
  return changed;
}

function inside(value: Json, ...keys: readonly string[]): Json {
  let found: unknown = value;
  for (const key of keys) found = isJson(found) ? found[key] : undefined;
  if (!isJson(found)) throw new Error(`Docker's description has no ${keys.join(' ')} any more.`);
  return found;
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
