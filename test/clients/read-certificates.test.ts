// Certificates as people store them are made what TLS takes, or said to be none.
import { describe, expect, it } from 'vitest';
import { readCertificates } from '../../lambdas/clients/certificate.ts';
import { makeCertificate } from './certificate.ts';

const { cert, key } = makeCertificate();
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('a certificate', () => {
  it.each([
    ['as it is', cert],
    ['with Windows line breaks', cert.replaceAll('\n', '\r\n')],
    ['with lost line breaks', cert.replaceAll('\n', '')],
    ['with blanks in place of line breaks', cert.replaceAll('\n', ' ')],
    ['on one line with \\n', cert.replaceAll('\n', '\\n')],
    ['in base64', base64(cert)],
    ['in base64 with line breaks', base64(cert).replaceAll(/(.{76})/g, '$1\n')],
    ['indented, among other text', `subject=Vault\n  ${cert.replaceAll('\n', '\n  ')}`],
  ])('is read %s', (_, text) => {
    expect(readCertificates(text)).toBe(cert);
  });

  it('is read with others', () => {
    const other = makeCertificate().cert;
    expect(readCertificates(`${cert}\n${other.replaceAll('\n', ' ')}`)).toBe(cert + other);
  });

  it.each([
    ['nothing', ''],
    ['a path', '/etc/ssl/ca.pem'],
    ['a private key', key],
    ['base64 of something else', base64('hello')],
    ['one cut short', cert.slice(0, 150)],
    ['one with a letter missing', cert.replace(/[A-Z]{3}\n/, '\n').replace('MII', 'XX')],
    ['one beside one that is none', `${cert}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----`],
  ])('is not %s', (_, text) => {
    expect(readCertificates(text)).toBeUndefined();
  });
});
