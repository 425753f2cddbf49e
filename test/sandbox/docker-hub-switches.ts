// What the Docker Hub stand-in does otherwise from day to day, and on a good day.
/** What is documented differently in different places, or differs from day to day. Each is a field that a test sets. */
export interface DockerHubSwitches {
  /** Whether `POST /v2/auth/token` takes the password; at times it was refused there and taken by the old route. */
  newRouteTakesPassword: boolean;
  /** Whether the deprecated `POST /v2/users/login` is there still. */
  hasOldRoute: boolean;
  /** Passwords are refused wholly, as where single sign-on is enforced. */
  enforcesSingleSignOn: boolean;
  /** What a session got with a token says about itself: the token's uuid, nothing, or an id that no listed token has. */
  claims: 'uuid' | 'none' | 'foreign';
  /** Where a session says what it was got with: nested as the real one, or at its top, as a client's tests have it. */
  claimsForm: 'nested' | 'flat';
  /** The account is an organization, or an organization's token is stored: the password's login is refused as such. */
  isOrganization: boolean;
  /** An empty list's `results`. */
  emptyResults: 'list' | 'null';
  /** What a creation makes otherwise than it was asked for. */
  creationDiffers: 'not' | 'label' | 'scopes' | 'end';
  /** A change that is answered with 200 and not made. */
  ignoresChanges: boolean;
  /** Whether exchanging a content for a session moves the token's `last_used`: not known of the real one. */
  exchangeIsUse: boolean;
  /** Wording of "this session was got with a token". */
  tokenSessionRefusal: 'message' | 'older-message' | 'older-detail';
  /** Life of a session, in seconds. */
  sessionSeconds: number;
  /** Failed logins of one user name after which it is locked out. */
  lockOutAfter: number;
  /** Length of a lock-out, in minutes. */
  lockOutMinutes: number;

  /** Rows of a page that does not say how many it wants. */
  defaultPageSize: number;
  /** The most rows of a page, whatever is asked for. */
  maxPageSize: number;
  /** What the list says about the page after this one. */
  next: 'absolute' | 'null' | 'empty' | 'missing' | 'relative' | 'foreign' | 'looping';
  /** A page after the last one, as when tokens were deleted meanwhile: an empty page, or 404. */
  pastEnd: 'empty' | 'not-found';
  /** A list on a bad day: rows missing on every page, or none at all, with `count` unmoved. */
  list: 'whole' | 'partial' | 'blank';
  /** Whether `count` includes tokens that Docker Desktop made: not known of the real one. */
  countsAutomatic: boolean;
  /** What a row has in place of the content. */
  contentField: 'blank' | 'stars' | 'missing';
  /** Whether a row without an end says `null` or lacks the field. */
  noEnd: 'null' | 'missing';
  /** What is said to have made tokens that were created through the API; `null` lacks the field. */
  createdThroughApi: string | null;
  /** Status of a deletion. */
  deleted: 204 | 202;

  /** Requests allowed in a window of so many seconds, over all routes. */
  rateLimit: { requests: number; seconds: number };
  /** Whether answers carry `X-RateLimit-*`. */
  rateLimitHeaders: boolean;
  /** Whether requests over the limit are refused with 429. */
  rateLimitEnforced: boolean;
  /** How a refused request is told to wait. */
  retryAfter: 'seconds' | 'date' | 'unix' | 'nothing';
}

/** Docker Hub on a good day. */
export function defaultSwitches(): DockerHubSwitches {
  return {
    newRouteTakesPassword: true,
    hasOldRoute: true,
    enforcesSingleSignOn: false,
    claims: 'uuid',
    claimsForm: 'nested',
    isOrganization: false,
    emptyResults: 'list',
    creationDiffers: 'not',
    ignoresChanges: false,
    exchangeIsUse: true,
    tokenSessionRefusal: 'message',
    sessionSeconds: 600,
    lockOutAfter: 5,
    lockOutMinutes: 10,
    defaultPageSize: 10,
    maxPageSize: 100,
    next: 'absolute',
    pastEnd: 'empty',
    list: 'whole',
    countsAutomatic: true,
    contentField: 'blank',
    noEnd: 'null',
    createdThroughApi: 'manual',
    deleted: 204,
    rateLimit: { requests: 180, seconds: 60 },
    rateLimitHeaders: true,
    rateLimitEnforced: false,
    retryAfter: 'seconds',
  };
}
