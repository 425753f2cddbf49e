// Reads Docker Hub's list of tokens page by page, and knows when it is whole.
import * as v from 'valibot';
import type { HubToken } from '../domain/token.ts';
import { AuditorError } from '../errors.ts';
import { concealed } from '../text/conceal.ts';
import { escapeText } from '../text/display.ts';
import { type Answer, describeStatus, parseJsonAs } from './http.ts';
import type { Clock } from './ports.ts';

/** Rows asked for at once: 100 is in common use, the maximum is not documented. */
const PAGE_SIZE = 100;
/** Pages asked for at the same time. */
const CONCURRENCY = 8;

/** The scopes of nearly every token, once: 100,000 lists of the same would be megabytes. */
const READ_ONLY: readonly string[] = ['repo:read'];
const isReadOnly = (scopes: readonly string[]): boolean => scopes.length === 1 && scopes[0] === READ_ONLY[0];

/**
 * A time as milliseconds since 1970. Without a zone it is UTC, whatever the machine's is; nothing, and the year 1 that
 * Go writes for it, is `null`.
 */
const time = v.nullish(
  v.pipe(
    v.string(),
    v.transform((text) => {
      if (text === '' || text.startsWith('0001-')) return null;
      return Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`);
    }),
    v.nullable(v.number()),
  ),
);

/** Whether a text can be a token's id: one that would make another path of its own names no token. */
export function isTokenId(text: string): boolean {
  return text.trim() !== '' && text !== '.' && text !== '..' && text.isWellFormed();
}

/** One row of the list or one token by itself; a row without id or state can't be judged, so the whole list can't. */
export const tokenSchema = v.pipe(
  v.object({
    uuid: v.pipe(v.string(), v.check(isTokenId)),
    is_active: v.boolean(),
    token_label: v.nullish(v.string()),
    created_at: time,
    last_used: time,
    expires_at: time,
    generated_by: v.nullish(v.string()),
    scopes: v.nullish(v.array(v.string())),
  }),
  v.transform((row): HubToken => {
    return {
      id: row.uuid,
      label: concealed(row.token_label ?? ''),
      enabled: row.is_active,
      ...(typeof row.created_at === 'number' ? { createdAt: row.created_at } : {}),
      ...(row.last_used === undefined ? {} : { lastUsedAt: row.last_used }),
      ...(typeof row.expires_at === 'number' ? { expiresAt: row.expires_at } : {}),
      ...(typeof row.generated_by === 'string' && row.generated_by !== ''
        ? { generatedBy: row.generated_by }
        : {}),
      ...(row.scopes == null ? {} : { scopes: isReadOnly(row.scopes) ? READ_ONLY : row.scopes }),
    };
  }),
);

const pageSchema = v.object({
  count: v.pipe(v.number(), v.integer(), v.minValue(0)),
  next: v.nullish(v.string()),
  /** `null` may be an empty list: rows and `count` tell. */
  results: v.nullable(v.array(v.unknown())),
});

/** One page as it was read. */
export interface Page {
  readonly count: number;
  readonly tokens: readonly HubToken[];
}

export function unavailable(doing: string, what: string): AuditorError {
  return new AuditorError(
    'DockerHubUnavailable',
    `${doing} at Docker Hub failed, because ${what}; look at https://www.dockerstatus.com and try again later.`,
  );
}

const LISTING = 'Listing the tokens';

/** Whether an answer is a page at all, or Docker Hub's own refusal, which is JSON; what is neither is tried again. */
export function isPage(answer: Answer): boolean {
  return isOwnRefusal(answer) || (answer.status === 200 && parseJsonAs(pageSchema, answer) !== undefined);
}

/** Whether Docker Hub itself refuses a session: the pages of outages and proxies are no JSON. */
export function isOwnRefusal({ status, json }: Answer): boolean {
  return (status === 401 || status === 403) && json !== undefined;
}

/**
 * Reads one page and refuses a `next` that leads elsewhere: it is never followed, the pages are asked for by number,
 * but a list that points to another host or back at itself is not Docker Hub's.
 */
function parsePage(answer: Answer, number: number, base: string): Page {
  const page = answer.status === 200 ? parseJsonAs(pageSchema, answer) : undefined;
  if (page === undefined)
    throw unavailable(LISTING, `page ${number} came back with ${describeStatus(answer)}`);
  if (typeof page.next === 'string' && page.next !== '') {
    const here = new URL(base);
    const next = URL.canParse(page.next, base) ? new URL(page.next, base) : undefined;
    if (next?.host !== here.host)
      throw unavailable(
        LISTING,
        `page ${number} points to a next page on another host (${escapeText(next?.host ?? 'not an address', 60)})`,
      );
    const asked = Number(next.searchParams.get('page') ?? NaN);
    if (asked <= number) throw unavailable(LISTING, `page ${number} points back to page ${asked}`);
  }
  const tokens = (page.results ?? []).map((row, index) => {
    const parsed = v.safeParse(tokenSchema, row);
    if (parsed.success) return parsed.output;
    const field = v.getDotPath(parsed.issues[0]) ?? 'row';
    throw unavailable(
      LISTING,
      `row ${index + 1} of page ${number} has no usable ${escapeText(field, 40)}, so it can't be judged`,
    );
  });
  return { count: page.count, tokens };
}

/** How long to wait for the answers under way, in milliseconds, when only they can tell how many more are allowed. */
const PROBE_INTERVAL_MS = 50;

/**
 * Keeps requests no faster than Docker Hub's headers allow: where the last answer says how many are left, no more than
 * that many are sent before the time at which the count starts again. Answers overtake each other and say nothing of the
 * requests behind them, so what is under way counts as used.
 */
export class RateGate {
  private remaining = Infinity;
  private limit = Infinity;
  private resetAt = Infinity;
  private underWay = 0;
  /** A new window has begun by the clock, and no answer of it has come yet. */
  private isGuess = false;
  private readonly clock: Clock;
  private readonly deadline: number;

  constructor(clock: Clock, deadline: number) {
    this.clock = clock;
    this.deadline = deadline;
  }

  /** Waits until one more request is allowed. */
  async pass(): Promise<void> {
    for (;;) {
      if (!this.isGuess && this.clock.now() >= this.resetAt) {
        this.isGuess = true;
        this.remaining = this.limit - this.underWay;
      }
      if (this.remaining > 0 || (this.isGuess && this.underWay === 0)) break;
      const wait = this.isGuess ? PROBE_INTERVAL_MS : this.resetAt - this.clock.now();
      if (this.clock.now() + wait >= this.deadline) break;
      await this.clock.sleep(wait);
    }
    this.remaining -= 1;
    this.underWay += 1;
  }

  /** Learns from the answer to a request that passed; `undefined` where none came. */
  learn(answer: Answer | undefined): void {
    this.underWay -= 1;
    const header = (name: string): number => Number(answer?.headers.get(`x-ratelimit-${name}`) ?? NaN);
    const [limit, left, reset] = [header('limit'), header('remaining'), header('reset') * 1000];
    if (Number.isNaN(left) || Number.isNaN(reset)) return;
    if (!Number.isNaN(limit)) this.limit = limit;
    const isNewWindow = this.resetAt === Infinity || reset > this.resetAt;
    if (isNewWindow) {
      this.isGuess = false;
      this.resetAt = reset;
      this.remaining = left - this.underWay;
    } else if (!this.isGuess) this.remaining = Math.min(this.remaining, left);
  }
}

/** Is called with how many rows of how many were read. */
export type Progress = (rows: number, count: number) => void;

/** How one page is asked for, already past the session's and the limits' concerns. */
export type AskPage = (path: string, number: number) => Promise<Answer>;

async function listOnce(
  ask: AskPage,
  base: string,
  onProgress: Progress,
): Promise<{ tokens: HubToken[]; counts: Set<number> }> {
  const page = async (number: number): Promise<Page> =>
    parsePage(await ask(`/v2/access-tokens?page=${number}&page_size=${PAGE_SIZE}`, number), number, base);
  const first = await page(1);
  let rows = first.tokens.length;
  onProgress(rows, first.count);
  // The server may give fewer rows than were asked for: its own page size divides the count.
  const size = first.tokens.length;
  const pages = size === 0 ? 1 : Math.ceil(first.count / size);
  const rest: Page[] = [];
  let following = 2;
  const work = async (): Promise<void> => {
    for (let number = following++; number <= pages; number = following++) {
      // Whatever goes wrong, the others stop too: the list is lost, and an outage wants no more requests.
      const next = await page(number).catch((error: unknown) => {
        following = Infinity;
        throw error;
      });
      rest.push(next);
      rows += next.tokens.length;
      onProgress(rows, first.count);
      if (next.count !== first.count || (number < pages && next.tokens.length !== size)) following = Infinity;
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, pages - 1) }, work));
  const all = [first, ...rest];
  // A token made or deleted meanwhile shifts the rest: rows come twice or are missed.
  const byId = new Map(all.flatMap(({ tokens }) => tokens).map((token) => [token.id, token]));
  return { tokens: [...byId.values()], counts: new Set(all.map(({ count }) => count)) };
}

/**
 * Reads the whole list: as many different rows as Docker Hub itself counts, on every page the same count. Where they
 * are not, it is listed once more.
 *
 * @throws AuditorError `DockerHubUnavailable`
 */
export async function listWhole(
  ask: AskPage,
  base: string,
  onProgress: Progress = () => undefined,
): Promise<HubToken[]> {
  let last = { tokens: [] as HubToken[], counts: new Set<number>() };
  for (let attempt = 0; attempt < 2; attempt++) {
    last = await listOnce(ask, base, onProgress);
    if (last.counts.size === 1 && last.counts.has(last.tokens.length)) return last.tokens;
  }
  throw unavailable(
    LISTING,
    `it gave ${last.tokens.length} different tokens and counts ${[...last.counts].join(', then ')}, also when listed once more`,
  );
}
