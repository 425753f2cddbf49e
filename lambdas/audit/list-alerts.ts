// What people must hear of the lists and of what lies beside them in the bucket, and what is no finding about a deployment.
import { dayOf } from '../domain/days.ts';
import type { Exemption } from '../domain/exemptions.ts';
import { isExemptionInForce } from '../domain/exemptions.ts';
import { assumedOrderText } from '../domain/licenses.ts';
import type { Ledger } from '../domain/ledger.ts';
import { listChanges, rowsReported } from '../domain/list-changes.ts';
import { shortDay } from '../domain/nights.ts';
import { MAX_NAMES, nearText } from '../domain/rules/names.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import { OBJECTS, lookAlikeOf } from '../ledger/bucket-keys.ts';
import type { Alert } from '../mail/news.ts';
import { concealed } from '../text/conceal.ts';
import { displayName, pluralize } from '../text/display.ts';
import type { CompleteReading } from './read-inputs.ts';

/** The alerts about the lists as they were read. */
export function listAlerts(reading: CompleteReading, snapshot: Snapshot): Alert[] {
  return [
    ...versionAlert(reading, snapshot),
    ...beside(reading, snapshot),
    ...exemptionAlerts(reading.inputs.exemptions, reading.inputs.ledger, snapshot),
  ];
}

/** What is no change, and holds as long as the lists are as they are: how days were read, and objects with a wrong name. */
export function beside(reading: CompleteReading, snapshot: Snapshot): Alert[] {
  const { inputs, strays, versions, exemptionsOrder } = reading;
  const dayText = (instant: number): string =>
    shortDay(dayOf(instant, snapshot.policy.timeZone), snapshot.today);
  const { assumedOrder } = inputs.licenses;
  return [
    ...(assumedOrder === undefined
      ? []
      : [{ key: `days read ${assumedOrder.order}`, text: assumedOrderText(assumedOrder) }]),
    ...(exemptionsOrder === undefined
      ? []
      : [
          {
            key: `exemption days read ${exemptionsOrder.order}`,
            text: assumedOrderText(exemptionsOrder, 'exemptions.csv'),
          },
        ]),
    ...strays.flatMap(({ key, at }): Alert[] => {
      const meant = lookAlikeOf(key);
      if (meant === undefined) return [];
      const name = displayName(concealed(key));
      const since = at === undefined ? '' : `, of ${dayText(at)},`;
      const { uploadedAt } = (meant === OBJECTS.licenses ? versions.licenses : versions.exemptions) ?? {};
      const used = uploadedAt === undefined ? '' : `, which is of ${dayText(Date.parse(uploadedAt))}`;
      return [
        {
          key: `stray ${name}`,
          text: `The object ${name}${since} lies in the bucket, looks like ${meant}${used}, and is not read: give it the name ${meant} if it is the right one, else remove it.`,
        },
      ];
    }),
  ];
}

/** Which version of the license list changed it, and when; what changed is said beside it. */
function versionAlert({ inputs, versions }: CompleteReading, snapshot: Snapshot): Alert[] {
  const { sentences } = listChanges(rowsReported(inputs.ledger), inputs.licenses.rows, snapshot.today);
  if (sentences.length === 0) return [];
  const { etag = '', uploadedAt } = versions.licenses ?? {};
  const when =
    uploadedAt === undefined
      ? ''
      : `, uploaded on ${shortDay(dayOf(Date.parse(uploadedAt), snapshot.policy.timeZone), snapshot.today)}`;
  return [
    {
      key: `version ${etag}`,
      text: `licenses.csv changed (version ${etag.replaceAll('"', '')}${when}): ${pluralize(sentences.length, 'change')} since it was last read.`,
    },
  ];
}

/**
 * Exemptions that exempt nobody: over when they were added, or with a label that nothing has.
 *
 * @param snapshot whose tokens or keys may be unread: then it is not said that there are none
 */
export function exemptionAlerts(
  exemptions: readonly Exemption[],
  { measures }: Pick<Ledger, 'measures'>,
  snapshot: Snapshot,
): Alert[] {
  const known = new Set((measures.exemptions ?? []).map(({ label, until }) => `${label}\0${until ?? ''}`));
  const texts = exemptions.flatMap((exemption): string[] => {
    const { label, until } = exemption;
    if (until !== undefined && !isExemptionInForce(exemption, snapshot.today))
      return known.has(`${label}\0${until}`)
        ? []
        : [
            `The exemption of ${displayName(label)} was over on ${until} already when it was added: it exempts nobody. Correct its until, or remove the row.`,
          ];
    return snapshot.deployments.has(label) ? [] : [unknownLabelText(label, snapshot)];
  });
  return [...new Set(texts)].map((text) => ({ key: text, text }));
}

function unknownLabelText(label: string, { inputs, meantByExemption }: Snapshot): string {
  const subject = `The exemption of ${displayName(label)}`;
  const meant = meantByExemption.get(label) ?? [];
  const problem =
    inputs.tokens === undefined || inputs.keys === undefined
      ? `${subject} exempts nobody, unless a token or key has that name: no row of licenses.csv has it`
      : meant.length === 0
        ? `${subject} exempts nobody: no token, key or row of licenses.csv has that name`
        : `${subject} exempts nobody, since no token, key or row of licenses.csv has that name`;
  return meant.length === 0
    ? `${problem}. Correct the label, or remove the row.`
    : `${problem}; probably ${meant.length > MAX_NAMES ? nearText(meant) : meant.join(' or ')} is meant, and nothing is withdrawn from ${meant.length === 1 ? 'it' : 'them'} until the label is corrected or the row removed.`;
}
