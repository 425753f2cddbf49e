import type { Day } from '../domain/days.ts';
import type { Report } from '../report/report.ts';
import { pluralize, escapeText } from '../text/display.ts';
import { MAX_TEXT_BYTES, fitting, subjectOf, summaryOf, textOf, whereLines, wrapText } from './layout.ts';
import type { Notification } from './notification.ts';

/** The mail of a run that could not read one of its inputs wholly. */
export function incompleteMail(input: {
  readonly runId: string;
  readonly causes: readonly { readonly name: string; readonly message: string }[];
  readonly account: string;
  readonly today: Day;
  readonly where?: { readonly bucket: string; readonly report: string };
  readonly counts?: Report['counts'];
}): Notification {
  const names = [...new Set(input.causes.map(({ name }) => name))];
  const closing = [
    ...wrapText(
      'Nothing was changed, and nobody was checked. The audit tries again at its next time; expired licenses stay as they are until it succeeds.',
    ),
    '',
    ...(input.where === undefined
      ? [`Run ${input.runId}.`]
      : whereLines(input.where.bucket, input.where.report, input.runId)),
  ];
  return {
    subject: subjectOf([`audit incomplete: ${names.join(', ')}`]),
    text: textOf(
      wrapText(
        `Docker Hub tokens of the account ${input.account}, ${input.today}: the audit could not be made.`,
      ),
      [{ title: 'WHY', entries: input.causes.map(({ name, message }) => `${name}: ${message}`) }],
      closing,
    ),
    summary: summaryOf({
      runId: input.runId,
      outcome: 'incomplete',
      counts: input.counts,
      report: input.where?.report,
    }),
    outcome: 'incomplete',
    severity: 'critical',
  };
}

/** The mail of an issue or revoke; of lines that do not fit it says how many there are. */
export function onDemandMail(input: {
  readonly requestId: string;
  readonly title: string;
  readonly lines: readonly string[];
  readonly failed: boolean;
}): Notification {
  const lines = input.lines.flatMap((line) => wrapText(line, '  '));
  const closing = [`Request ${escapeText(input.requestId)}.`];
  const heading = fitting(lines, MAX_TEXT_BYTES - 200);
  const left = lines.length - heading.length;
  if (left > 0) heading.push(`... and ${pluralize(left, 'more line')}.`);
  return {
    subject: subjectOf([input.title]),
    text: textOf(heading, [], closing),
    summary: summaryOf({ runId: input.requestId, outcome: input.failed ? 'incomplete' : 'done' }),
    outcome: input.failed ? 'failed' : 'done',
    severity: input.failed ? 'critical' : 'info',
  };
}
