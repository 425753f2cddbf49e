// Certificates of a private authority as people store them, made what TLS takes.
import { X509Certificate } from 'node:crypto';

const BLOCK = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----([^-]*)-----END (?:TRUSTED )?CERTIFICATE-----/g;

/**
 * The certificates in a text as PEM, one line break after each line. Repaired are line breaks that were lost, turned
 * into blanks or written as `\n`, and the whole in base64.
 *
 * @returns `undefined` where there is no certificate, or one of them can't be read
 */
export function readCertificates(text: string): string | undefined {
  return readBlocks(text) ?? readBlocks(Buffer.from(text, 'base64').toString());
}

function readBlocks(text: string): string | undefined {
  const blocks = [...text.replaceAll(/\\[rn]/g, '\n').matchAll(BLOCK)].map(([, body = '']) => {
    const lines = body.replaceAll(/\s/g, '').match(/.{1,64}/g) ?? [];
    return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
  });
  return blocks.length > 0 && blocks.every(isCertificate) ? blocks.join('') : undefined;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
