/** One listing of Docker Hub's tokens in a process of its own, from its start to its end. Prints its figures as JSON. */
import { text } from 'node:stream/consumers';
import * as v from 'valibot';
import { createDockerHub } from '../../lambdas/clients/docker-hub.ts';
import { systemClock } from '../../lambdas/clients/http.ts';

const here = v.parse(
  v.pipe(
    v.string(),
    v.parseJson(),
    v.object({ hub: v.string(), username: v.string(), password: v.string() }),
  ),
  await text(process.stdin),
);
const hub = createDockerHub({
  url: here.hub,
  account: here.username,
  clock: systemClock,
  deadline: Date.now() + 15 * 60_000,
  codes: { lastStep: 0 },
  login: () => Promise.resolve({ username: here.username, password: here.password }),
});
const tokens = await hub.listTokens();
const { userCPUTime, maxRSS } = process.resourceUsage();
console.log(JSON.stringify({ tokens: tokens.length, user: userCPUTime / 1000, megabytes: maxRSS / 1024 }));
process.exit(0);
