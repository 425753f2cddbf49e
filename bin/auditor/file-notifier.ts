// Mails as files, for the command line without a topic.

import type { Bucket, Notifier } from '../../lambdas/clients/ports.ts';

/**
 * Mails as files, for the command line without a topic. Used with `--state`, which works for real on loopback only:
 * there the person who runs it is the confirmed subscriber.
 *
 * @param show called with every mail, to print it
 */
export function createOutbox(folder: Bucket, now: () => number, show: (text: string) => void): Notifier {
  return {
    async publish({ subject, text }) {
      const mail = `Subject: ${subject}\n\n${text}`;
      await folder.write(
        `outbox/${new Date(now()).toISOString().replaceAll(':', '-')}.txt`,
        mail,
        'text/plain',
      );
      show(mail);
      return { confirmed: true };
    },
  };
}
