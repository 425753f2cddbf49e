// Reads the claims of a JWT. They are not verified: who sent it is known by the connection.

/** The claims of a JWT by name; empty where there are none. Each is the reader's to check by itself. */
export function claimsIn(bearer: string): ReadonlyMap<string, unknown> {
  try {
    return fieldsOf(JSON.parse(Buffer.from(bearer.split('.')[1] ?? '', 'base64url').toString()));
  } catch {
    return new Map();
  }
}

/** The fields of a JSON object by name; empty where it is none. */
export function fieldsOf(value: unknown): ReadonlyMap<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? new Map(Object.entries(value))
    : new Map();
}
