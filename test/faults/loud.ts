/**
 * Makes this process say as much as it can. Imported before anything else, because programs read these when they are
 * loaded: whatever somebody may switch on to find a mistake must not show a secret.
 */
Object.assign(process.env, {
  DEBUG: '*',
  POWERTOOLS_LOG_LEVEL: 'DEBUG',
  AWS_LAMBDA_LOG_LEVEL: 'TRACE',
  POWERTOOLS_LOGGER_LOG_EVENT: 'true',
});
