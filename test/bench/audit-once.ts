/**
 * One audit in a process of its own, so that its time and memory are its alone. Reads the event from standard input;
 * prints its figures as JSON.
 */
import { text } from 'node:stream/consumers';
import { audit } from '../../lambdas/audit/audit.ts';
import * as v from 'valibot';
import { auditEventSchema } from '../../lambdas/audit/event.ts';
import { makeServices } from '../../lambdas/runtime/make-services.ts';
import { readSettings } from '../../lambdas/runtime/settings.ts';

const silent = (): void => undefined;
const event = v.parse(auditEventSchema, JSON.parse(await text(process.stdin)));
const services = makeServices(readSettings(process.env), {
  deadline: Date.now() + 15 * 60_000,
  requestId: 'bench',
  log: { info: silent, warn: silent, error: silent },
  meter: { count: silent, milliseconds: silent, flush: silent },
});
// What a warm function has loaded already is not part of an audit's time.
await Promise.all([
  import('undici'),
  import('node-vault'),
  import('@aws-sdk/client-s3'),
  import('@aws-sdk/client-sns'),
  import('@aws-sdk/client-secrets-manager'),
]);
// The garbage of loading is not the audit's either.
globalThis.gc?.();
const begin = performance.now();
const processor = process.cpuUsage();
const result = await audit(event, services);
const milliseconds = performance.now() - begin;
console.log(
  JSON.stringify({
    milliseconds,
    user: process.cpuUsage(processor).user / 1000,
    tokens: result.counts.tokens,
    findings: Object.values(result.counts.findings).reduce((sum, number) => sum + number, 0),
    megabytes: process.resourceUsage().maxRSS / 1024,
  }),
);
process.exit(0);
