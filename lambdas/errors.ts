/**
 * Every way a function can fail, by name. The names are public interface: Lambda reports them as `errorType`,
 * and alarms, runbook and callers rely on them.
 */
export const ERROR_NAMES = [
  'InvalidRequest',
  'InvalidConfiguration',
  'Busy',
  'LicenseNotInForce',
  'NotDue',
  'TokenAlreadyExists',
  'TokenNotFound',
  'PullVerificationFailed',
  'AuditIncomplete',
  'DockerHubLoginFailed',
  'DockerHubNeedsPassword',
  'DockerHubNeedsTwoFactor',
  'DockerHubLockedOut',
  'DockerHubUnavailable',
  'RegistryUnavailable',
  'VaultLoginFailed',
  'VaultPermissionDenied',
  'VaultSecretMissing',
  'VaultConflict',
  'VaultUnavailable',
  'SecretUnavailable',
  'StorageUnavailable',
  'LicenseListUnreadable',
  'ExemptionsUnreadable',
  'LedgerUnreadable',
  'NotificationFailed',
] as const;

/** What the caller did wrong or has to wait for: said in the answer, and no alarm. */
export const CALLER_ERRORS: readonly ErrorName[] = [
  'InvalidRequest',
  'NotDue',
  'TokenAlreadyExists',
  'TokenNotFound',
  'LicenseNotInForce',
  'Busy',
];

/** One of {@link ERROR_NAMES}. */
export type ErrorName = (typeof ERROR_NAMES)[number];

/**
 * The one error class of the functions. Its message is one sentence for a person: what was being done, at which
 * system, what came back, what to do. It never carries a cause: errors of HTTP clients and SDKs hold the request,
 * and with it tokens and passwords, and Lambda and loggers print causes.
 */
export class AuditorError extends Error {
  override readonly name: ErrorName;

  constructor(name: ErrorName, message: string) {
    super(message);
    this.name = name;
  }
}

/** Whether a caught value is an {@link AuditorError}, and, where names are given, one of these. */
export function isAuditorError(error: unknown, ...names: ErrorName[]): error is AuditorError {
  return error instanceof AuditorError && (names.length === 0 || names.includes(error.name));
}

/** The same failure with more to say, still as one sentence. */
export function withDetail(error: AuditorError, more: string): AuditorError {
  return new AuditorError(error.name, `${error.message.replace(/\.+$/, '')}; ${more}.`);
}

/**
 * An error of ours, whatever was caught: what is not ours is a defect and must still be reported, by its class, never by
 * its content, which may hold a request with its tokens.
 *
 * @param doing what was being done, as the beginning of a sentence: "Sending the mail"
 */
export function asAuditorError(error: unknown, doing: string): AuditorError {
  return isAuditorError(error)
    ? error
    : new AuditorError(
        'AuditIncomplete',
        `${doing} stopped with an unexpected ${error instanceof Error ? error.name : 'error'}, which is a defect of this program; report it with its log.`,
      );
}
