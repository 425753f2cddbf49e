// A logged-in session at Docker Hub: begun on first use, renewed when it runs out, never in a loop.
import { AuditorError, isAuditorError } from '../errors.ts';
import { RateGate, unavailable } from './docker-hub-list.ts';
import {
  type Session,
  isRefusedLogin,
  isTokenSessionRefusal,
  logIn,
  loginError,
} from './docker-hub-login.ts';
import { type Answer, type Http, NoAnswer, type Request, describeStatus, isLockOut } from './http.ts';
import type { Clock, DockerHubLogin, OneTimeCodes } from './ports.ts';

export interface HubSessionOptions {
  /** The account whose tokens these are: somebody else's are never judged. */
  readonly account: string;
  /** Reads the login from Vault, once. */
  readonly login: () => Promise<DockerHubLogin>;
  readonly clock: Clock;
  readonly deadline: number;
  /** Shared with the lease, which hands it from function to function; default: this run's own. */
  readonly codes?: OneTimeCodes;
}

/** Sessions given up in one run because Docker Hub refused them before their end; more is an outage, not an end. */
const MAX_REFUSED_SESSIONS = 3;
/** Logins in one run that may come to nothing without having been refused. */
const MAX_FAILED_LOGINS = 2;

/** Sends requests as the account. Every method rejects with an `AuditorError`. */
export class HubSession {
  private readonly options: HubSessionOptions;
  private readonly http: Http;
  private readonly gate: RateGate;
  private readonly codes: OneTimeCodes;
  private login: Promise<DockerHubLogin> | undefined;
  private session: Promise<Session> | undefined;
  private refusal: AuditorError | undefined;
  private failedLogins = 0;
  private refusedSessions = 0;

  constructor(http: Http, options: HubSessionOptions) {
    this.http = http;
    this.options = options;
    this.codes = options.codes ?? { lastStep: 0 };
    this.gate = new RateGate(options.clock, options.deadline);
  }

  /** Reads, no faster than Docker Hub allows; what `isUsable` refuses is tried again. */
  async read(doing: string, path: string, isUsable: (answer: Answer) => boolean): Promise<Answer> {
    return this.send(doing, async (headers) => {
      await this.gate.pass();
      let received: Answer | undefined;
      try {
        received = await this.http.read({ method: 'GET', path, headers }, isUsable);
        return received;
      } finally {
        this.gate.learn(received);
      }
    });
  }

  /** Sends a change, once. */
  async change(doing: string, request: Omit<Request, 'headers'>): Promise<Answer> {
    return this.send(doing, (headers) => this.http.change({ ...request, headers }));
  }

  /** Sends with the session, and once more with a new one where Docker Hub says that it ran out. */
  private async send(
    doing: string,
    work: (headers: Readonly<Record<string, string>>) => Promise<Answer>,
  ): Promise<Answer> {
    const withBearer = ({ bearer }: Session): Promise<Answer> => work({ authorization: `Bearer ${bearer}` });
    try {
      const first = await this.current();
      const answer = await withBearer(first);
      const isOver = answer.status === 401 && (await this.giveUp(first));
      return checked(isOver ? await withBearer(await this.current()) : answer, doing);
    } catch (error) {
      if (error instanceof NoAnswer) throw unavailable(doing, error.message);
      throw error;
    }
  }

  /** Gives a refused session up, unless somebody else did; `false` where that happened too often. */
  private async giveUp(refused: Session): Promise<boolean> {
    if (this.session === undefined || (await this.session).bearer !== refused.bearer) return true;
    // Each renewal is a login, and must not become a loop of them.
    if (++this.refusedSessions > MAX_REFUSED_SESSIONS) return false;
    this.session = undefined;
    return true;
  }

  /** The session in force; concurrent callers share one login, a failed one is not kept. */
  private async current(): Promise<Session> {
    const held = this.session;
    if (held !== undefined) {
      const known = await held;
      if (this.options.clock.now() < known.renewAt) return known;
      if (this.session === held) this.session = undefined;
    }
    this.session ??= this.begin();
    const mine = this.session;
    try {
      return await mine;
    } catch (error) {
      if (this.session === mine) this.session = undefined;
      throw error;
    }
  }

  private async begin(): Promise<Session> {
    // A refused login is not tried again in this run: Docker Hub counts failures and locks out.
    if (this.refusal !== undefined) throw this.refusal;
    const { http, codes } = this;
    try {
      return await logIn({ http, clock: this.options.clock, codes }, await this.credentials());
    } catch (error) {
      this.failedLogins += 1;
      if (isRefusedLogin(error) || (isAuditorError(error) && this.failedLogins >= MAX_FAILED_LOGINS))
        this.refusal = error;
      throw error;
    }
  }

  private credentials(): Promise<DockerHubLogin> {
    const { account, login } = this.options;
    return (this.login ??= login().then((found) => {
      if (found.username === account) return found;
      // What was found is not said: where the two fields were swapped, it is the password.
      throw new AuditorError(
        'InvalidConfiguration',
        `Logging in to Docker Hub was not tried, because the username of the login in Vault is not the configured account ${account}; correct whichever is wrong, other people's tokens are never judged.`,
      );
    }));
  }
}

/** An answer that is about the request, and not about the session. */
function checked(answer: Answer, doing: string): Answer {
  if (isTokenSessionRefusal(answer))
    throw loginError(
      'DockerHubNeedsPassword',
      'Docker Hub says that its session was got with an access token',
    );
  if (isLockOut(answer))
    throw loginError('DockerHubLockedOut', 'Docker Hub locked the account out after too many failed logins');
  if (answer.status !== 401 && answer.status !== 403) return answer;
  throw unavailable(
    doing,
    answer.json === undefined
      ? `something in front of it answered (${describeStatus(answer)})`
      : `it refuses a session that it has just given (${describeStatus(answer)})`,
  );
}
