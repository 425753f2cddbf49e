import { describe, expect, it } from 'vitest';
import { AuditorError, asAuditorError } from '../lambdas/errors.ts';

describe('An error, whatever was caught', () => {
  it('is passed on where it is ours', () => {
    const ours = new AuditorError('VaultUnavailable', 'Vault is sealed.');
    expect(asAuditorError(ours, 'Reading the keys')).toBe(ours);
  });

  it('is told as a defect by its class, never by its content', () => {
    const foreign = new TypeError('request with dckr_pat_abcdefghijklmnopqrstuvwxyz1', {
      cause: 'hvs.secret',
    });
    const said = asAuditorError(foreign, 'Sending the mail');
    expect(said).toBeInstanceOf(AuditorError);
    expect(said.cause).toBeUndefined();
    expect(`${said.name}: ${said.message}`).toBe(
      'AuditIncomplete: Sending the mail stopped with an unexpected TypeError, which is a defect of this program; report it with its log.',
    );
  });

  it('is reported where it is no error at all', () => {
    expect(asAuditorError('dckr_pat_abc', 'The function').message).toMatch(
      /^The function stopped with an unexpected error, /,
    );
  });
});
