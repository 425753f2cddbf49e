/**
 * The edges at which something leaves: objects, mail, log and metrics. What they are given is searched for the event's
 * secrets first, so that no mistake elsewhere can show one.
 */
import type { Bucket, DockerHub, Notifier } from '../clients/ports.ts';
import type { Secrets } from '../text/redact.ts';
import type { Log, Meter } from './services.ts';

/** A bucket into which no secret is written. */
export function guardBucket(bucket: Bucket, secrets: Secrets): Bucket {
  return {
    location: bucket.location,
    read: (key, most) => bucket.read(key, most),
    exists: (key) => bucket.exists(key),
    listTop: () => bucket.listTop(),
    write: (key, body, contentType) => bucket.write(key, secrets.redact(body), contentType),
    writeIf: (key, body, etag) => bucket.writeIf(key, secrets.redactJson(body), etag),
  };
}

/** A topic to which no secret is published. */
export function guardNotifier(notifier: Notifier, secrets: Secrets): Notifier {
  return {
    publish: ({ text, ...rest }) =>
      notifier.publish({ ...secrets.redactValue(rest), text: secrets.redactWrapped(text) }),
  };
}

/** A log that shows no secret. */
export function guardLog(log: Log, secrets: Secrets): Log {
  const guarded =
    (level: keyof Log) =>
    (message: string, fields?: Record<string, unknown>): void => {
      log[level](secrets.redact(message), secrets.redactValue(fields));
    };
  return { info: guarded('info'), warn: guarded('warn'), error: guarded('error') };
}

/** Metrics that show no secret. */
export function guardMeter(meter: Meter, secrets: Secrets): Meter {
  return {
    count: (name, value, kind) => {
      meter.count(name, value, kind === undefined ? undefined : secrets.redact(kind));
    },
    milliseconds: (name, value) => {
      meter.milliseconds(name, value);
    },
    flush: () => {
      meter.flush();
    },
  };
}

/** Docker Hub's tokens, whose ids are no secrets: a key may hold one in place of its content. */
export function allowIds(dockerHub: DockerHub, secrets: Secrets): DockerHub {
  return {
    listTokens: async () => {
      const tokens = await dockerHub.listTokens();
      for (const { id } of tokens) secrets.allow(id);
      return tokens;
    },
    getToken: async (id) => {
      const token = await dockerHub.getToken(id);
      if (token !== undefined) secrets.allow(token.id);
      return token;
    },
    createToken: async (label, scopes) => {
      const created = await dockerHub.createToken(label, scopes);
      secrets.allow(created.token.id);
      secrets.add(created.content);
      return created;
    },
    setEnabled: (id, enabled) => dockerHub.setEnabled(id, enabled),
    setLabel: (id, label) => dockerHub.setLabel(id, label),
    deleteToken: (id) => dockerHub.deleteToken(id),
    checkContent: (content) => dockerHub.checkContent(content),
  };
}
