/**
 * How a request can come to nothing.
 * - `lost`: no usable answer, and the request may have had its effect (connection broken, time-out, answer too large);
 * - `unreached`: it never arrived (connection refused, unknown host, certificate not accepted);
 * - `unwell`: an answer that is not the promised one (5xx, HTML, cut-off JSON, fields missing);
 * - `limited`: 429, told to wait;
 * - `refused`: a clear no, in the promised form;
 * - `late`: the function's own time is used up.
 */
export type FailureKind = 'lost' | 'unreached' | 'unwell' | 'limited' | 'refused' | 'late';

interface FailureDetails {
  readonly status?: number;
  readonly waitMs?: number;
  readonly answer?: unknown;
  readonly permanent?: boolean;
}

/**
 * Why a request came to nothing, inside the clients only: each client turns it into an `AuditorError`. Its message
 * is made of the project's own words, the status and the kind of content, never of the answer's text: servers echo
 * secrets (Vault's AppRole login the secret id, Docker Hub's login a `login_2fa_token`).
 */
export class RequestFailure extends Error {
  override readonly name = 'RequestFailure';
  readonly kind: FailureKind;
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined;
  /** Milliseconds that the server asked to wait, where it said so credibly. */
  readonly waitMs: number | undefined;
  /** Trying again can't help, though the kind of failure often passes (a certificate that is not accepted). */
  readonly permanent: boolean;
  // Private, so that neither a logger nor `util.inspect` can reach it.
  readonly #answer: unknown;

  constructor(kind: FailureKind, message: string, details: FailureDetails = {}) {
    super(message);
    this.kind = kind;
    this.status = details.status;
    this.waitMs = details.waitMs;
    this.permanent = details.permanent ?? false;
    this.#answer = details.answer;
  }

  /** The parsed JSON of the answer, or its text where it is none. May hold secrets: to be judged, never to be shown. */
  answer(): unknown {
    return this.#answer;
  }

  /** Whether the request may have had its effect although no usable answer came. */
  get undecided(): boolean {
    return this.kind === 'lost' || this.kind === 'unwell' || this.kind === 'late';
  }
}

/** The failure of a request as such; anything else is a mistake of ours and is thrown on. */
export function asFailure(error: unknown): RequestFailure {
  if (error instanceof RequestFailure) return error;
  throw error;
}
