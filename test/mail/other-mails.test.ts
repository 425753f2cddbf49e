// The mails of incomplete runs, reviews, issue and revoke.
import { describe, expect, it } from 'vitest';
import { approvalNote } from '../../lambdas/mail/approval.ts';
import { reportLink, whoCalledText } from '../../lambdas/mail/links.ts';
import {
  incompleteMail,
  instructionLines,
  issuedText,
  onDemandMail,
  renamedText,
  restoredRunText,
  reviewMail,
  revokedText,
} from '../../lambdas/mail/other-mails.ts';
import { flat, reportOf } from './mail-input.ts';

const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:topic';
const COUNTS = reportOf().counts;

describe('a link to a report', () => {
  it('opens its page in the console of the region and partition that the topic is in', () => {
    const link = (location: string, topicArn: string): string =>
      reportLink({ location, topicArn }, 'reports/2026/03/02/r.json');
    expect(link('s3://b', TOPIC)).toBe(
      'https://eu-west-1.console.aws.amazon.com/s3/object/b?region=eu-west-1&prefix=reports/2026/03/02/r.html',
    );
    expect(link('s3://b', 'arn:aws-us-gov:sns:us-gov-west-1:1:t')).toContain(
      'https://us-gov-west-1.console.amazonaws-us-gov.com/s3/object/b?region=us-gov-west-1',
    );
    expect(link('s3://b', '')).toBe(
      'https://console.aws.amazon.com/s3/object/b?prefix=reports/2026/03/02/r.html',
    );
    expect(link('s3://b', 'arn:aws-cn:sns:cn-north-1:1:t')).toContain(
      'https://cn-north-1.console.amazonaws.cn/s3/object/b?region=cn-north-1',
    );
    expect(link('./state', '')).toBe('./state/reports/2026/03/02/r.html');
    expect(reportLink({ location: './state', topicArn: '' }, 'a.json/r.json')).toBe('./state/a.json/r.html');
  });
});

describe('the note of a report that approves what was withheld', () => {
  it('has the whole event, and is none where nothing can be approved', () => {
    expect(approvalNote(['orange-cd', 'mtn-cm'])).toBe(
      'To withdraw what was withheld, check each name and invoke the audit function with this event (leave out whom you do not mean): {"approve": ["orange-cd", "mtn-cm"]}',
    );
    expect(approvalNote([])).toBeUndefined();
  });
});

describe('the mail of an incomplete run', () => {
  const causes = [
    { name: 'VaultUnavailable', message: 'Reading the keys failed at Vault; look at its state and wait.' },
    { name: 'VaultUnavailable', message: 'Still.' },
    { name: 'StorageUnavailable', message: 'The bucket too; check its policy.' },
  ];
  const incomplete = { runId: 'run-1', causes, account: 'riaktrdelivery', today: '2026-03-02' };

  it('says in its first lines what to do, then what that means, then why', () => {
    const { text, ...rest } = incompleteMail(incomplete);
    expect(rest).toEqual({
      subject: '[Docker Hub tokens] audit incomplete: VaultUnavailable, StorageUnavailable',
      summary: '{"runId":"run-1","outcome":"incomplete"}',
      outcome: 'incomplete',
      severity: 'critical',
    });
    expect(text).toBe(`To do: Look at its state and wait.
To do: Still.
To do: Check its policy.

Docker Hub access of our customers, Monday 2 March 2026: the audit of the
account riaktrdelivery could not be made. Nothing was changed, and nobody
was checked: whoever has ended stays on until it succeeds. It tries again at
its next time.

WHY
- VaultUnavailable: Reading the keys failed at Vault; look at its state and
  wait.
- VaultUnavailable: Still.
- StorageUnavailable: The bucket too; check its policy.

Run run-1.
`);
  });

  it('says tonight where even the day is not known', () => {
    expect(flat(incompleteMail({ ...incomplete, today: '' }).text)).toContain(
      'Docker Hub access of our customers, tonight: the audit',
    );
  });

  it('says where the report is and what was counted, where there is one', () => {
    const { counts } = reportOf();
    const where = { location: 's3://bucket', topicArn: TOPIC, report: 'reports/r.json' };
    const { text, summary } = incompleteMail({ ...incomplete, where, counts });
    expect(text).toContain(
      '\nReport (run run-1):\nhttps://eu-west-1.console.aws.amazon.com/s3/object/bucket',
    );
    expect(JSON.parse(summary)).toEqual({
      runId: 'run-1',
      outcome: 'incomplete',
      counts,
      report: 'reports/r.json',
    });
  });
});

describe('the mail of a review', () => {
  const news = {
    runId: 'run-1',
    today: '2026-03-02',
    read: ['licenses.csv: 60 rows read, 2 not.'],
    changes: ['mtn-cm: the end moved forward.'],
    cantPull: ['moov-bj has no token.'],
    toFix: ['Line 4 can not be read.'],
    leaving: ['Tue  3 Mar 03:30  orange-cd  paid until 1 Feb, access until 4 Feb'],
    restored: ['mtn-cm'],
    obstacles: [],
    where: { location: 's3://bucket', topicArn: TOPIC, report: 'reports/r.json' },
    outcome: 'attention',
    counts: COUNTS,
    isCritical: false,
  } as const;

  it('says what was read, who is on again, who goes on which night, and that nothing happens before', () => {
    const { subject, text } = reviewMail(news);
    expect(subject).toBe(
      "[Docker Hub tokens] list changed: 1 to lose access, 1 can't pull, 1 switched on again, 1 to fix",
    );
    expect(text).toContain('Nobody is switched off before\nthe night.\nlicenses.csv: 60 rows read, 2 not.\n');
    expect(text).toContain('SWITCHED ON AGAIN (1)\n  mtn-cm\n');
    expect(text).toContain('  Tue  3 Mar 03:30  orange-cd  paid until 1 Feb, access until 4 Feb\n');
    expect(text).toContain("CAN'T PULL TODAY (1)\n  moov-bj has no token.\n");
    expect(text).toContain('TO PUT IN ORDER (1)\n  Line 4 can not be read.\n');
    expect(text).toContain('WHAT CHANGED (1)\n  mtn-cm: the end moved forward.\n');
  });

  it('says of what does not fit how much it is, and that the report has it', () => {
    const changes = Array.from(
      { length: 500 },
      (_, index) => `telco${index}-be: the end moved BACK, a line.`,
    );
    const { text } = reviewMail({ ...news, changes });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(20_000);
    expect(text).toMatch(
      /\n\.\.\. and \d+ more lines: the report has all of them\.\n\nReport \(run run-1\):\n/,
    );
    expect(text).toContain('WHAT CHANGED (500)');
  });

  it('has the outcome of its run, and its counts, for programs', () => {
    const { outcome, severity, summary } = reviewMail({ ...news, outcome: 'withheld', isCritical: true });
    expect([outcome, severity]).toEqual(['withheld', 'critical']);
    expect(JSON.parse(summary)).toEqual({
      runId: 'run-1',
      outcome: 'withheld',
      counts: COUNTS,
      report: 'reports/r.json',
    });
  });

  it('promises no night on which somebody loses access while something holds everybody', () => {
    const { subject, text } = reviewMail({ ...news, held: 'while HOLD is there' });
    expect(subject).not.toContain('to lose access');
    expect(text).toContain('LOSES ACCESS NEXT (not while HOLD is there) (1)\n');
  });

  it('begins with what stands in the way', () => {
    const { subject, text } = reviewMail({ ...news, obstacles: ['The list lost 20 rows.'] });
    expect(text.startsWith('The list lost 20 rows.\n\n')).toBe(true);
    expect(subject).toContain('list changed: please look');
  });

  const nothing = { ...news, changes: [], cantPull: [], toFix: [], leaving: [], restored: [] };

  it('of a change that means nothing for anybody has what was read and no empty part', () => {
    const { subject, text } = reviewMail(nothing);
    expect(subject).toBe('[Docker Hub tokens] list changed: nothing to do');
    expect(text).toBe(`What the change of Monday 2 March 2026 means. Nobody is switched off before
the night.
licenses.csv: 60 rows read, 2 not.

Not as you meant it? Correct the list and upload it again.

Report (run run-1):
https://eu-west-1.console.aws.amazon.com/s3/object/bucket?region=eu-west-1&prefix=reports/r.html
`);
  });

  it.each([
    ['one row that changed', { changes: ['a'] }, '1 change', 'info'],
    ['rows that changed', { changes: ['a', 'b'] }, '2 changes', 'info'],
    ['somebody who is on again', { restored: ['a', 'b'] }, '2 switched on again', 'info'],
    ['somebody who can not pull', { cantPull: ['a', 'b'] }, "2 can't pull", 'info'],
    ['what is to be put in order', { toFix: ['a', 'b'] }, '2 to fix', 'warning'],
    ['who loses access', { leaving: ['a', 'b'] }, '2 to lose access', 'warning'],
    ['what stands in the way', { obstacles: ['a', 'b'] }, 'please look', 'warning'],
  ] as const)(
    'counts %s in its subject, and says how much that matters',
    (_what, changes, said, severity) => {
      const mail = reviewMail({ ...nothing, ...changes });
      expect([mail.subject, mail.severity]).toEqual([`[Docker Hub tokens] list changed: ${said}`, severity]);
    },
  );
});

describe('where stands who really called', () => {
  it('is named by the mail of a call, whether a trail of ours keeps it or not', () => {
    const mail = (trail: boolean): string =>
      onDemandMail({ requestId: 'r1', title: 't', lines: ['One.'], failed: false, whoCalled: whoCalledText({ name: 'hub', trail }) }).text; // prettier-ignore
    expect(flat(mail(true))).toContain(
      'Who really called: CloudTrail, log group /aws/cloudtrail/hub (runbook: Who called).',
    );
    expect(flat(mail(false))).toContain('Who really called: CloudTrail, if a trail keeps it');
  });
});

describe('the mail of an issue or revoke', () => {
  it('says what was done or failed', () => {
    const input = { requestId: 'r\n1', title: 'orange-cd issued', lines: ['One.', 'x '.repeat(40)] };
    const done = onDemandMail({ ...input, failed: false });
    expect(done).toEqual({
      subject: '[Docker Hub tokens] orange-cd issued',
      text: `One.\n${'x '.repeat(37)}x\n  x x \n\nRequest r\\u{a}1.\n`,
      summary: '{"runId":"r\\n1","outcome":"done"}',
      outcome: 'done',
      severity: 'info',
    });
    expect(onDemandMail({ ...input, failed: true })).toMatchObject({
      outcome: 'failed',
      severity: 'critical',
      summary: '{"runId":"r\\n1","outcome":"incomplete"}',
    });
  });

  it('keeps to 20 kB, says how many lines do not fit, and ends with its request', () => {
    const lines = Array.from({ length: 600 }, (_, index) => `${'x'.repeat(36)}-${index} switched off.`);
    const { text } = onDemandMail({ requestId: 'r1', title: 't', lines, failed: false });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(20_000);
    const shown = text.split('\n');
    const [, left] = /^\.\.\. and (\d+) more lines\.$/m.exec(text) ?? [];
    expect(shown.filter((line) => line.endsWith(' switched off.')).length + Number(left)).toBe(600);
    expect(text).toMatch(/more lines\.\n\nRequest r1\.\n$/);
    const short = onDemandMail({ requestId: 'r1', title: 't', lines: lines.slice(0, 300), failed: false });
    expect(short.text).not.toContain('more line');
  });
});

describe('a new token', () => {
  const news = {
    deployment: 'africell-ug',
    statement: '"ann" says "new server"',
    license: { deployment: 'africell-ug', lastDay: '2027-06-21', paidUntil: '2027-06-18', products: [] },
    oldTokens: ['The old token stops on Monday 30 November 2026, 03:30 (Europe/Brussels).'],
    account: 'riaktrdelivery',
    testImage: 'riaktr/base:3.12',
    isPullVerified: true,
    vaultLink: 'https://vault.example/ui/vault/secrets/secret/kv/a%2Fb',
    today: '2026-11-27',
  };

  it('comes with the link to its content, the steps, what a good answer is, and when the old one stops', () => {
    const { title, lines } = issuedText(news);
    expect(title).toBe('new token for africell-ug');
    const text = onDemandMail({ requestId: 'r1', title, lines, failed: false }).text;
    expect(text).toContain('New token in place of the old one for africell-ug ("ann" says "new server").\n');
    expect(text).toContain('Paid until 18 Jun 2027, access until 21 Jun 2027.\n');
    expect(text).toContain(
      '1. Copy its content from Vault, key africell-ug:\nhttps://vault.example/ui/vault/secrets/secret/kv/a%2Fb\n',
    );
    expect(text).toContain(`     docker logout
     docker login --username riaktrdelivery
     (password: the content)
     docker pull riaktr/base:3.12
`);
    expect(text).toContain('"Login Succeeded"');
    expect(text).toContain('4. The old token stops on Monday 30 November 2026, 03:30 (Europe/Brussels).\n');
    expect(text).toContain('We have pulled riaktr/base:3.12 with it: it works.');
  });

  it('in place of several says of each when it stops, as one step', () => {
    const { lines } = issuedText({ ...news, oldTokens: ['The first stops.', 'The second stopped.'] });
    expect(lines.slice(-4, -2)).toEqual(['4. The first stops.', '   The second stopped.']);
  });

  it('says where nobody has paid for it, and where its pull was not tried', () => {
    const { lines } = issuedText({ ...news, license: undefined, oldTokens: [], isPullVerified: false });
    const text = flat(lines.join('\n'));
    expect(text).toContain('No license in force says that it has paid');
    expect(text).toContain('It was not tried whether it can pull riaktr/base:3.12');
    expect(text).toContain('New token for africell-ug ("ann" says "new server").');
    expect(text).not.toContain('old token');
  });

  it('has instructions for its server that say when the old one stops', () => {
    expect(instructionLines(news)).toEqual([
      '# On the server of africell-ug, as the user that deploys (usually root).',
      '# The password is the value of the key africell-ug in Vault: https://vault.example/ui/vault/secrets/secret/kv/a%2Fb',
      'docker logout',
      'docker login --username riaktrdelivery',
      '# A good answer is: Login Succeeded',
      'docker pull riaktr/base:3.12',
      '# A good answer ends with: Status, and the name of the image. Then it works.',
      '# The old token stops on Monday 30 November 2026, 03:30 (Europe/Brussels).',
    ]);
  });
});

describe('a rename', () => {
  it('says that nobody has to do anything, and nothing of a pull that was not tried', () => {
    const { title, lines } = renamedText({
      from: 'mtn-gn ',
      to: 'mtn-gn',
      statement: 'no reason given',
      vaultLink: 'https://vault.example/',
      isDoubtful: false,
    });
    expect(title).toBe('renamed "mtn-gn " to mtn-gn');
    expect(lines).toEqual([
      '"mtn-gn " is called mtn-gn now, on Docker Hub and in Vault (no reason given).',
      'Its content is the same: the customer notices nothing, and nobody has to do anything.',
      '',
      'Its key in Vault is mtn-gn:',
      'https://vault.example/',
    ]);
  });

  it('says where Vault has no key for it, and where nobody knows whether its content is the token’s', () => {
    const { lines } = renamedText({
      from: 'mtn_gn',
      to: 'mtn-gn',
      statement: 'no reason given',
      vaultLink: undefined,
      isDoubtful: true,
    });
    expect(lines).toEqual([
      'mtn_gn is called mtn-gn now, on Docker Hub (no reason given).',
      'Its content is the same: the customer notices nothing, and nobody has to do anything.',
      'Docker Hub did not say whether the content in Vault is that of the token.',
      '',
      'Vault has no key for it.',
    ]);
  });
});

describe('a token that was switched off, on or deleted', () => {
  const news = {
    name: 'hub-token-auditor',
    deployment: 'orange-cd',
    statement: '"ann" says "leaked"',
    what: 'revoke',
    changed: ['t1'],
    unchanged: [],
    isKeyRemoved: false,
    isStillOn: false,
    failures: [],
    isFailed: false,
  } as const;

  it('says what was done, who says why, what that means, and how it is undone', () => {
    const { title, lines } = revokedText(news);
    expect(title).toBe('switched off orange-cd');
    expect(lines).toEqual([
      'orange-cd: switched off ("ann" says "leaked").',
      '',
      '1 token switched off: t1.',
      `Its servers can't pull any more. The audit never switches it on again. To undo: function hub-token-auditor-revoke, {"deployment": "orange-cd", "restore": true, "reason": "..."}`,
    ]);
    expect(revokedText({ ...news, isStillOn: true }).lines.at(-1)).toBe('Another token of it still works.');
  });

  it('that is on again is left alone for a while', () => {
    expect(revokedText({ ...news, what: 'restore', changed: ['t1', 't2'] })).toEqual({
      title: 'switched on again orange-cd',
      lines: [
        'orange-cd: switched on again ("ann" says "leaked").',
        '',
        '2 tokens switched on again: t1 and t2.',
        'The audit leaves it alone for 7 days, then goes by licenses.csv again.',
      ],
    });
  });

  it('that is gone for good comes back as another one alone', () => {
    expect(revokedText({ ...news, what: 'delete', changed: [], isKeyRemoved: true })).toEqual({
      title: 'deleted orange-cd',
      lines: [
        'orange-cd: deleted ("ann" says "leaked").',
        '',
        'Its key was removed from Vault.',
        `This can't be undone. If it needs a token again: function hub-token-auditor-issue, {"deployment": "orange-cd"}`,
      ],
    });
  });

  it('writes a label in the event that undoes it as ASCII', () => {
    const undo = revokedText({ ...news, deployment: 'Orange\u202e_CD' }).lines.at(-1);
    expect(undo).toContain('{"deployment": "Orange\\u202e_CD", "restore": true, "reason": "..."}');
  });

  it('says what was so already, and first what is not done', () => {
    const off = revokedText({ ...news, changed: [], unchanged: ['t1', 't\n2'] });
    expect(off.title).toBe('orange-cd was off already');
    expect(off.lines.slice(0, 3)).toEqual([
      'orange-cd was off already ("ann" says "leaked").',
      '',
      "Already off: t1 and t\\u{a}2, now recorded as people's.",
    ]);
    const on = revokedText({ ...news, what: 'restore', changed: [], unchanged: ['t1'] });
    expect([on.title, on.lines[2]]).toEqual(['orange-cd was on already', 'Already on: t1.']);
    const failed = { ...news, changed: ['t1'], failures: ['Docker Hub is away.'], isFailed: true };
    expect(revokedText(failed)).toEqual({
      title: 'switching off orange-cd failed',
      lines: [
        'orange-cd: switching off failed ("ann" says "leaked").',
        '',
        'NOT DONE: Docker Hub is away.',
        '1 token switched off: t1.',
      ],
    });
  });
});

describe('what a run switched off and people switched on again', () => {
  const news = {
    runId: 'run\n1',
    statement: '"ann" says "all paid"',
    deployments: ['orange-cd', 'Mtn CM'],
    failures: [],
    isFailed: false,
  };

  it('is named, and left alone for a while', () => {
    expect(restoredRunText(news)).toEqual({
      title: 'restored 2 deployments of run run\\u{a}1',
      lines: [
        'What run run\\u{a}1 switched off for ended licenses is switched on again ("ann" says "all paid").',
        '',
        'On again: orange-cd and "Mtn CM".',
        'The audit leaves them alone for 7 days, then goes by licenses.csv again.',
      ],
    });
  });

  it('says what could not be undone, and names nobody where nobody is on again', () => {
    expect(
      restoredRunText({
        ...news,
        deployments: [],
        failures: ['orange-cd: Docker Hub is away.'],
        isFailed: true,
      }),
    ).toEqual({
      title: 'restoring what run run\\u{a}1 switched off failed',
      lines: [
        'What run run\\u{a}1 switched off for ended licenses is switched on again ("ann" says "all paid").',
        '',
        'NOT DONE: orange-cd: Docker Hub is away.',
        'The audit leaves them alone for 7 days, then goes by licenses.csv again.',
      ],
    });
  });
});
