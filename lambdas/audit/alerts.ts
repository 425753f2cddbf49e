// What support should hear of a run although it is no finding.
import { listChanges, rowsReported } from '../domain/list-changes.ts';
import { whoCalledText } from '../mail/links.ts';
import { type Alert, FAILED_RUN } from '../mail/news.ts';
import { describeStatement, displayName, joinWithAnd } from '../text/display.ts';
import type { AuditEvent } from './event.ts';
import { listAlerts } from './list-alerts.ts';
import type { Night } from './night.ts';

/** So many changes of a list are a reason for a mail each; all of them stand in its notes. */
const MAX_CHANGES = 25;

const CHANGE_KEY = 'list ';

/** The alerts of a whole run, the gravest first. */
export function alertsOf(night: Night): readonly Alert[] {
  return [
    ...storageAlert(night),
    ...approvalAlert(night),
    ...listAlerts(night.reading, night.decision.snapshot),
    ...changeAlerts(night),
    ...night.checks.alerts,
  ];
}

/** Everything that a report says of a run besides its findings and actions, one printable sentence each. */
export function notesOf(night: Night): readonly string[] {
  return [
    ...alertsOf(night)
      .filter(({ key }) => !key.startsWith(CHANGE_KEY))
      .map(({ text }) => text),
    ...changeNotes(night),
  ];
}

/** What changed in the license list since it was last read. */
function changeNotes({ reading, decision }: Night): readonly string[] {
  const { ledger, licenses } = reading.inputs;
  return listChanges(rowsReported(ledger), licenses.rows, decision.snapshot.today).sentences.map(
    (sentence) => `licenses.csv: ${sentence}`,
  );
}

/** What the caller of an approval says, a clause; `undefined` where there is no approval or nothing is said. */
export function statementOf({ approve, reason, requestedBy }: AuditEvent): string | undefined {
  return approve === undefined || (reason === undefined && requestedBy === undefined)
    ? undefined
    : describeStatement({ reason, requestedBy });
}

/** What was changed before the ledger failed is in the mail all the same, and people should know that the run failed. */
function storageAlert({ run, applied }: Night): Alert[] {
  const { storageError } = applied;
  return storageError === undefined
    ? []
    : [
        {
          key: `${FAILED_RUN}${run.runId}`,
          text: `This run failed on its way and did not do all that was due; what it did before stands above. ${storageError.message}`,
        },
      ];
}

function approvalAlert({ run }: Night): Alert[] {
  const { approve } = run.event;
  if (approve === undefined) return [];
  const said = statementOf(run.event);
  const what =
    approve.length === 0
      ? 'nothing is withdrawn'
      : `only ${joinWithAnd(approve.map(displayName))} may be withdrawn`;
  return [
    {
      key: `approval ${run.runId}`,
      text: `This run was an approval${said === undefined ? '' : ` (${said})`}: ${what}, and what was read now is what the next nights compare the lists with. ${whoCalledText(run.services.settings)}`,
    },
  ];
}

/** The first of many: the memory of what was reported would grow with each of them. */
function changeAlerts(night: Night): Alert[] {
  const version = night.reading.versions.licenses?.etag ?? '';
  return changeNotes(night)
    .slice(0, MAX_CHANGES)
    .map((text) => ({ key: `${CHANGE_KEY}${version} ${text}`, text }));
}
