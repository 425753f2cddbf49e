// The report page as text: closed, escaped, and saying first what matters.

import { createHash } from 'node:crypto';
import { Script } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { ROWS_AT_ONCE, shownRow } from '../../lambdas/report/page/deployments.ts';
import { html, longList, shownLabel, visible } from '../../lambdas/report/page/markup.ts';
import { endingsOf } from '../../lambdas/report/page/timeline.ts';
import type { DeploymentRow, Report } from '../../lambdas/report/report.ts';
import {
  licenseUntil,
  makeAction,
  makeFinding,
  makeReport,
  makeRow,
  pageOf,
  realisticReport,
} from './report-fixture.ts';

const HOSTILE = '</script><img src=x onerror=alert(1)>"\'&\u202egnp\u200b\u0007';

/** What a reader sees of a page or a part of it: no markup, blanks folded. */
function textOf(page: string): string {
  return page
    .replace(/<(style|script|title)\b[^>]*>.*?<\/\1>/gs, ' ')
    .replace(/<[^>]+>/g, ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ');
}

/** One section of the page, by the id of its heading. */
function section(page: string, id: string): string {
  return new RegExp(`<section [^>]*aria-labelledby="${id}".*?</section>`, 's').exec(page)?.[0] ?? '';
}

const verdictOf = (changes: Partial<Report>): string =>
  textOf(section(pageOf(makeReport(changes)), 'verdict'));

/** The data that the page's script works on. */
function dataOf(page: string): unknown {
  const text = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page)?.[1] ?? '';
  return JSON.parse(text);
}

/** Every text of a report that comes from outside is hostile. */
function hostileReport(): Report {
  const row: DeploymentRow = makeRow({
    deployment: HOSTILE,
    license: { ...licenseUntil('2026-03-10', [HOSTILE]), contact: HOSTILE },
    hub: { state: 'active', tokens: [{ tokenId: HOSTILE, state: 'active', lastUsedAt: HOSTILE, expiresAt: HOSTILE }] }, // prettier-ignore
    verdict: 'critical',
    nextStep: HOSTILE,
  });
  return makeReport({
    runId: HOSTILE,
    startedAt: HOSTILE,
    finishedAt: HOSTILE,
    report: HOSTILE,
    outcome: 'incomplete',
    causes: [HOSTILE],
    notes: [HOSTILE],
    findings: [makeFinding('wrong-scope', { deployment: HOSTILE, tokenId: HOSTILE, detail: HOSTILE, remedy: HOSTILE, since: HOSTILE })], // prettier-ignore
    actions: [
      makeAction({ deployment: HOSTILE, tokenId: HOSTILE, reason: HOSTILE }),
      makeAction({ deployment: HOSTILE, tokenId: HOSTILE, reason: HOSTILE, status: 'withheld' }),
    ],
    deployments: [row, makeRow({ ...row, license: licenseUntil('2026-02-01') })],
    exemptions: [{ label: HOSTILE, reason: HOSTILE, owner: HOSTILE, findings: [], inForce: true }],
    inputs: {
      licenses: { etag: HOSTILE, rows: 1 },
      exemptions: { etag: HOSTILE, rows: 1 },
      hold: true,
    },
  });
}

describe('the page is closed', () => {
  const page = pageOf(realisticReport(50));

  it('lets only its own script and style pass, by the hash of exactly their texts', () => {
    const policy = /http-equiv="Content-Security-Policy"\s+content="([^"]*)"/.exec(page)?.[1] ?? '';
    const directives = new Map(
      policy
        .replaceAll('&#39;', "'")
        .split('; ')
        .map((directive) => [directive.split(' ')[0] ?? '', directive.split(' ').slice(1)]),
    );
    const hashes = (tag: string): string[] =>
      [...page.matchAll(new RegExp(`<${tag}>(.*?)</${tag}>`, 'gs'))].map(
        ([, text]) =>
          `'sha256-${createHash('sha256')
            .update(text ?? '')
            .digest('base64')}'`,
      );
    expect(hashes('script')).toHaveLength(1);
    expect(hashes('style')).toHaveLength(1);
    expect(directives.get('script-src')).toEqual(hashes('script'));
    expect(directives.get('style-src')).toEqual(hashes('style'));
    for (const name of ['default-src', 'base-uri', 'form-action'])
      expect(directives.get(name), name).toEqual([`'none'`]);
  });

  it('states the policy before anything that it has to govern', () => {
    expect(page.indexOf('Content-Security-Policy')).toBeLessThan(page.search(/<(style|script|link|body)\b/));
  });

  it('names no address of anything outside, nor a style or a handler at an element', () => {
    const marks = page.replace(/<(style|script)\b[^>]*>.*?<\/\1>/gs, '');
    expect(marks).not.toMatch(/\s(src|srcset|action|data|poster|style|on\w+)\s*=/i);
    expect([...marks.matchAll(/\shref="([^"]*)"/g)].filter(([, to]) => to?.startsWith('#') !== true)).toEqual(
      [],
    );
    expect(page).not.toMatch(/@import|url\(/);
  });

  it('holds a script that can be parsed', () => {
    const text = /<script>(.*?)<\/script>/s.exec(page)?.[1] ?? '';
    expect(() => new Script(text)).not.toThrow();
  });

  it('links only to parts that it has', () => {
    for (const report of [makeReport(), realisticReport(50)]) {
      const text = pageOf(report);
      const ids = [...text.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
      expect(new Set(ids).size).toBe(ids.length);
      const rows = report.deployments.map(({ deployment }) => `name=${encodeURIComponent(deployment)}`);
      for (const [, target] of text.matchAll(/href="#([^"]*)"/g)) expect([...ids, ...rows]).toContain(target);
      for (const [, names] of text.matchAll(/aria-labelledby="([^"]*)"/g))
        for (const name of names?.split(' ') ?? []) expect(ids).toContain(name);
    }
  });
});

describe('text from outside stays text', () => {
  it('makes no element, wherever a report holds it', () => {
    const tags = (page: string): string[] => [...page.matchAll(/<\/?[a-z!][^\s>]*/gi)].map(([tag]) => tag);
    const page = pageOf(hostileReport());
    expect(page).not.toMatch(/<img/i);
    expect(page).toContain('&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;');
    expect(page).not.toContain('</script><');
    // Each of the two scripts ends once, where it should.
    expect(tags(page).filter((tag) => tag === '</script')).toHaveLength(2);
  });

  it('can hide nothing and reorder nothing: control, direction and invisible letters become escapes', () => {
    const page = pageOf(hostileReport());
    expect(page).toContain('\\u{202e}');
    expect(page).not.toMatch(/[\u202e\u200b\u0007]/);
    expect(visible('a\u2066b\u00adc\u00a0d\u2028e\u3164f\u{e0041}g\nh')).toBe(
      'a\\u{2066}b\\u{ad}c\\u{a0}d\\u{2028}e\\u{3164}f\\u{e0041}g\\u{a}h',
    );
  });

  it('keeps accents and other scripts in free text, but shows a look-alike letter in a name', () => {
    expect(visible('Amélie, 東京, e\u0301')).toBe('Amélie, 東京, e\u0301');
    expect(shownLabel('or\u0430nge-cd')).toBe('or\\u{430}nge-cd');
  });

  it('cannot pile marks over the lines around it', () => {
    expect(visible(`e${'\u0301'.repeat(4)}`)).toBe('e\u0301\u0301\\u{301}\\u{301}');
  });

  it('cannot leave an attribute', () => {
    expect(html`<a title="${'" onclick="x'}"></a>`.text).toBe('<a title="&quot; onclick=&quot;x"></a>');
  });

  it('reaches the script as the same visible text', () => {
    const page = pageOf(makeReport({ deployments: [makeRow({ deployment: HOSTILE })] }));
    const [row] = [makeRow({ deployment: HOSTILE })].map((one) => shownRow(one, 'Europe/Brussels'));
    expect(row?.[0]).toBe(shownLabel(HOSTILE));
    expect(dataOf(page)).toMatchObject({ rows: [row] });
  });

  it('shows blanks at the ends of a label and in a row, which a page would hide', () => {
    expect(['mtn-gn', 'mtn-gn ', ' mtn-gn', 'mtn  gn', 'mtn gn', ' '].map(shownLabel)).toEqual([
      'mtn-gn',
      'mtn-gn\\u{20}',
      '\\u{20}mtn-gn',
      'mtn\\u{20}\\u{20}gn',
      'mtn gn',
      '\\u{20}',
    ]);
  });

  it('leaves the hole of a missing name visible', () => {
    expect(shownLabel('')).toBe('(no name)');
  });
});

describe('the verdict comes first', () => {
  it('says clean, in words and in the title', () => {
    const page = pageOf(makeReport());
    expect(page).toMatch(
      /<title>Docker Hub tokens, 2026-03-02: All is well: 0 tokens, 0 customers, nothing to fix<\/title>/,
    );
    expect(page).toContain('class="verdict ok"');
    expect(page.indexOf('id="verdict"')).toBeLessThan(page.indexOf('id="findings"'));
  });

  it('counts what is to fix and what ends soon, without what this run put right itself', () => {
    const expired = makeFinding('license-expired', { deployment: 'mtn-gh', tokenId: 't1' });
    const findings = [
      expired,
      makeFinding('missing-token'),
      makeFinding('license-expiring', { deployment: 'moov-tg' }),
      makeFinding('suspended', { deployment: 'glo-ng' }),
    ];
    const actions = [makeAction({ deployment: 'mtn-gh', tokenId: 't1' })];
    expect(verdictOf({ outcome: 'attention', findings, actions })).toContain(
      "1 can't pull, 1 revoked, 1 ending soon",
    );
    const failed = [makeAction({ deployment: 'mtn-gh', tokenId: 't1', status: 'failed' })];
    expect(verdictOf({ outcome: 'attention', findings, actions: failed })).toContain(
      "1 can't pull, 1 failed",
    );
    const page = pageOf(makeReport({ outcome: 'attention', findings, actions }));
    expect(textOf(section(page, 'findings'))).toContain('switched off in this run');
  });

  it('says who loses access next, with the night and both days, and what to do if they have paid', () => {
    const upcoming = [
      {
        deployment: 'mtn-gh',
        what: 'deactivate',
        paidUntil: '2026-02-27',
        accessUntil: '2026-03-02',
        night: '2026-03-03T01:00:00.000Z',
        byHand: '2026-03-02T23:00:00.000Z',
      },
    ] as const;
    const text = verdictOf({ outcome: 'attention', upcoming });
    expect(text).toContain('1 loses access tonight');
    expect(text).toContain('Tue 3 Mar 02:00 mtn-gh paid until 27 Feb, access until 2 Mar');
    expect(text).toContain('Correct licenses.csv before that night');
    expect(verdictOf({ outcome: 'attention', upcoming, inputs: { hold: true } })).toContain(
      'Not while HOLD is there',
    );
    expect(verdictOf({ outcome: 'attention', upcoming, mode: 'observe' })).not.toContain('tonight');
  });

  it('names who is next to end where nobody was told an end', () => {
    const deployments = [makeRow({ license: licenseUntil('2026-06-01') })];
    expect(verdictOf({ deployments })).toContain(
      'Nobody in the next 7 days. The next to end is orange-cd: access until 2026-06-01.',
    );
  });

  it('says what was done and to whom, failures first', () => {
    const text = verdictOf({
      outcome: 'attention',
      actions: [
        makeAction({ deployment: 'glo-ng' }),
        makeAction({ deployment: 'mtn-gh' }),
        makeAction({ deployment: 'moov-tg', status: 'failed' }),
      ],
    });
    expect(text).toContain('What was done 3 Failed: switched off: moov-tg Switched off: glo-ng, mtn-gh');
  });

  it('says who can not pull today, each with a link to what to do', () => {
    const findings = [makeFinding('missing-token', { detail: 'No active token.' })];
    const page = section(pageOf(makeReport({ outcome: 'attention', findings })), 'verdict');
    expect(textOf(page)).toContain("Can't pull today 1 orange-cd No active token.");
    expect(page).toContain('href="#of-orange-cd"');
  });

  it('offers the event that approves what was withheld, to be copied', () => {
    const event = '{"approve": ["mtn-gh", "glo-ng"]}';
    const page = section(
      pageOf(
        makeReport({
          outcome: 'withheld',
          actions: [makeAction({ deployment: 'mtn-gh', status: 'withheld', reason: 'too many; ended' })],
          notes: [`To withdraw them all the same, invoke the audit function with ${event}.`],
        }),
      ),
      'verdict',
    );
    expect(textOf(page)).toContain(
      `To decide 1 mtn-gh : too many Yes, withdraw: the audit function with ${event}`,
    );
  });

  it('is grey where an input was not read, whatever else is known', () => {
    const rows = [makeRow({ hub: { state: 'unknown', tokens: [] }, verdict: 'unknown' })];
    const inputs = { hold: false, licenses: { etag: '"1"', rows: 1 } };
    const page = pageOf(makeReport({ outcome: 'incomplete', deployments: rows, inputs }));
    expect(section(page, 'verdict')).toContain('class="verdict unknown"');
    expect(textOf(section(page, 'counts'))).toMatch(/critical \? not known/);
    expect(textOf(page)).not.toContain('No deployment has an active token');
    expect(section(page, 'deployments')).toContain('<span class="badge unknown">unknown</span>');
    expect(page.replace(/<style>.*?<\/style>/s, '')).not.toMatch(/class="[^"]*\bok\b/);
  });

  it('names the causes of an incomplete run, and that nothing was changed', () => {
    const text = verdictOf({
      outcome: 'incomplete',
      causes: ['DockerHubUnavailable: Listing the tokens at Docker Hub failed.', 'LicenseListUnreadable: no'],
    });
    expect(text).toContain('Incomplete: the audit could not be made');
    expect(text).toContain('Nothing was changed');
    expect(text).toContain('DockerHubUnavailable: Listing the tokens at Docker Hub failed.');
    expect(text).toContain('LicenseListUnreadable: no');
  });

  it('shows no 0 and no all-clear for an input that an incomplete run could not read', () => {
    const unknown = makeRow({ license: licenseUntil('2026-02-01'), hub: { state: 'unknown', tokens: [] } });
    const licensed = { hold: false, licenses: { etag: '"1"', rows: 1 } };
    const page = (inputs: Report['inputs'], deployments: readonly DeploymentRow[] = []): string =>
      pageOf(makeReport({ outcome: 'incomplete', inputs, deployments }));
    expect(textOf(section(page(licensed), 'counts'))).toMatch(
      /0 in the license list.* tokens \? not known keys \? not known/,
    );
    expect(textOf(section(page({ hold: false }), 'counts'))).toContain('deployments ? not known');
    expect(textOf(section(page({ hold: false }), 'timeline'))).toContain('who ends when is not known');
    expect(textOf(section(page({ hold: false }), 'verdict'))).not.toContain('No license ends');
    const timeline = textOf(section(page(licensed, [unknown]), 'timeline'));
    expect(textOf(section(page(licensed, [unknown]), 'verdict'))).toContain(
      '1 license has ended, and whether the tokens are active is not known',
    );
    expect(timeline).toContain('1 has ended, and whether the tokens are active is not known');
    expect(timeline).not.toMatch(/overdue|no active token/);
    expect(textOf(section(page(licensed), 'findings'))).toContain('None in what could be read');
    expect(textOf(section(pageOf(makeReport()), 'counts'))).not.toContain('not known');
  });

  it('says first that a list shrank, that nobody is cut off by it, and what says that it is right', () => {
    const text = 'The license list went from 60 to 40 rows since the last whole run.';
    const withShrunk = (isApproved: boolean): string =>
      textOf(section(pageOf(makeReport({ shrunk: { text, isApproved } })), 'verdict'));
    expect(withShrunk(false)).toMatch(/^ ?a list shrank The license list went from 60 to 40 rows/);
    expect(withShrunk(false)).toContain('Nobody is cut off until that is cleared up');
    expect(withShrunk(false)).toContain('{"approve": [], "reason": "..."}');
    expect(section(pageOf(makeReport({ shrunk: { text, isApproved: false } })), 'verdict')).toContain(
      'class="verdict warning"',
    );
    expect(withShrunk(true)).toMatch(/^ ?shrunken list approved .*This run approves that/);
    expect(withShrunk(true)).not.toContain('{"approve"');
  });

  it('says why steps were withheld, each reason once, with whom it kept', () => {
    const withheld = (deployment: string, why: string): Report['actions'][number] =>
      makeAction({ deployment, status: 'withheld', reason: `${why}; the license ended with 2026-02-26` });
    const text = verdictOf({
      outcome: 'withheld',
      actions: [withheld('mtn-gh', 'too many are due'), withheld('glo-ng', 'too many are due'), withheld('moov-tg', 'keys are fewer')], // prettier-ignore
    });
    expect(text).toContain('3 withheld');
    expect(text).toContain('mtn-gh, glo-ng : too many are due');
    expect(text).toContain('moov-tg : keys are fewer');
  });

  it('tells of HOLD even where nothing was due', () => {
    expect(verdictOf({ inputs: { hold: true } })).toContain('HOLD: the object HOLD is in the bucket');
    expect(verdictOf({ inputs: { hold: false } })).not.toContain('HOLD');
  });

  it.each([
    ['dry-run', 'Dry run: nothing was changed'],
    ['observe', 'Observe: nothing was changed'],
  ] as const)('cannot be mistaken for a real run in mode %s', (mode, words) => {
    const actions = [makeAction({ status: 'planned' })];
    const page = pageOf(makeReport({ mode, outcome: 'attention', actions }));
    expect(page).toMatch(new RegExp(`<title>.*${words}.*</title>`));
    expect(textOf(page).indexOf(words)).toBeLessThan(textOf(page).indexOf('would be revoked'));
    expect(textOf(section(page, 'actions'))).toContain('Steps that a real run would take planned 1 step would be done; nothing was changed'); // prettier-ignore
    expect(textOf(page)).not.toContain('What was done');
  });

  it('says of a dry run who would lose access in the coming nights, and with HOLD that nobody does', () => {
    const upcoming = [
      {
        deployment: 'orange-cd',
        what: 'deactivate',
        night: '2026-03-05T02:30:00.000Z',
        byHand: '2026-03-05T00:00:00.000Z',
        paidUntil: '2026-03-01',
        accessUntil: '2026-03-04',
      },
    ] as const;
    const title = (mode: Report['mode'], hold = false): string =>
      section(pageOf(makeReport({ mode, upcoming, outcome: 'attention', inputs: { hold } })), 'verdict');
    expect(title('dry-run')).toContain('1 would lose access');
    expect(title('enforce')).toContain('1 loses access soon');
    for (const text of [title('enforce', true), title('dry-run', true)])
      expect(/<h2[^>]*>.*?<\/h2>/s.exec(text)?.[0]).not.toMatch(/loses? access/);
  });

  it('says nothing of the kind for a run that may change things', () => {
    expect(textOf(pageOf(makeReport()))).not.toContain('would be');
  });
});

describe('findings and steps', () => {
  it('stand by deployment, the worst first, each finding with what to do', () => {
    const findings = [
      makeFinding('wrong-scope', { deployment: 'b-cd', detail: 'B critical.', remedy: 'R critical.' }),
      makeFinding('orphaned-key', { deployment: 'a-cd', detail: 'A warning.', remedy: 'R warning.' }),
      makeFinding('suspended', { deployment: 'b-cd', detail: 'B info.', remedy: 'R info.' }),
    ];
    const text = textOf(section(pageOf(makeReport({ findings })), 'findings'));
    const places = ['b-cd #', 'B critical.', 'To do: R critical.', 'B info.', 'To do: R info.', 'a-cd #', 'A warning.', 'To do: R warning.'].map((part) => text.indexOf(part)); // prettier-ignore
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((one, other) => one - other));
    expect(text).toContain('3 findings about 2 deployments.');
  });

  it('let each event be copied as it is, and nothing else', () => {
    const event = '{"deployment": "orange-cd", "reason": "a \\"word\\" {in} braces"}';
    const remedy = `Switch it off with the revoke function (${event}); not {this}.`;
    const page = pageOf(makeReport({ findings: [makeFinding('unlicensed-token', { remedy })] }));
    const copied = [
      ...page.matchAll(/<code class="event">(.*?)<\/code\s*><button type="button" class="copy"/gs),
    ];
    expect(copied.map(([, text]) => textOf(text ?? ''))).toEqual([event]);
  });

  it('have a place of their own that links lead to', () => {
    const page = pageOf(makeReport({ findings: [makeFinding('missing-token'), makeFinding('wrong-scope', { deployment: HOSTILE })] })); // prettier-ignore
    expect(page).toContain('<li id="of-orange-cd"');
    expect(page).toContain('<li class="about critical">');
  });

  it('are never cut, only folded', () => {
    const findings = Array.from({ length: 600 }, (_, index) => makeFinding('orphaned-key', { deployment: `mtn-${index}-gh` })); // prettier-ignore
    const page = pageOf(makeReport({ findings }));
    for (const { deployment } of findings) expect(page).toContain(`id="of-${deployment}"`);
    expect(section(page, 'findings')).toMatch(/<summary>580 more<\/summary>/);
    expect(longList([html`<li>one</li>`]).text).not.toContain('<details>');
  });

  it('show every status of a step with its reason', () => {
    const statuses = ['planned', 'done', 'failed', 'skipped', 'withheld'] as const;
    const actions = statuses.map((status) => makeAction({ status, reason: `because ${status}` }));
    const text = textOf(section(pageOf(makeReport({ actions })), 'actions'));
    for (const status of statuses) {
      expect(text).toContain(`${status} 1 step`);
      expect(text).toContain(`because ${status}`);
    }
  });
});

describe('the time line', () => {
  const ending = (
    deployment: string,
    lastDay: string,
    hub: DeploymentRow['hub']['state'] = 'active',
  ): DeploymentRow =>
    makeRow({ deployment, license: licenseUntil(lastDay), hub: { state: hub, tokens: [] } });

  it('counts the last day as in force, and as overdue only who has an active token after it', () => {
    const endings = endingsOf({
      asOf: '2026-03-02',
      actions: [],
      deployments: [
        ending('today-cd', '2026-03-02'),
        ending('yesterday-cd', '2026-03-01'),
        ending('off-cd', '2026-02-01', 'inactive'),
        makeRow({ deployment: 'forever-cd', license: { state: 'in force', products: [] } }),
        makeRow({ deployment: 'nobody-cd', license: { state: 'none', products: [] } }),
      ],
    });
    expect(endings.soon.map(({ deployment }) => deployment)).toEqual(['today-cd']);
    expect(endings.overdue.map(({ deployment }) => deployment)).toEqual(['yesterday-cd']);
    expect(endings).toMatchObject({ switchedOff: 1, noEnd: 1, later: 0 });
  });

  it('names who ends within 30 days, the soonest first, and no one after that', () => {
    const deployments = [
      ending('b-cd', '2026-04-01'),
      ending('c-cd', '2026-04-02'),
      ending('a-cd', '2026-03-03'),
    ];
    const { soon } = endingsOf({ asOf: '2026-03-02', actions: [], deployments });
    expect(soon.map(({ deployment, days }) => [deployment, days])).toEqual([
      ['a-cd', 1],
      ['b-cd', 30],
    ]);
  });

  it('counts thirteen months from the running one, across the end of a year, and the rest as later', () => {
    const deployments = [
      ending('a-cd', '2027-03-31'),
      ending('b-cd', '2027-04-01'),
      ending('c-cd', '2027-02-28'),
    ];
    const { months, later } = endingsOf({ asOf: '2026-03-31', actions: [], deployments });
    expect(months.map(({ month }) => month)).toEqual(
      '2026-03 2026-04 2026-05 2026-06 2026-07 2026-08 2026-09 2026-10 2026-11 2026-12 2027-01 2027-02 2027-03'.split(' '), // prettier-ignore
    );
    expect(months.slice(-2).map(({ ending: number }) => number)).toEqual([1, 1]);
    expect(later).toBe(1);
  });

  it('gives no token that was not read for an active one, by name or by week', () => {
    const days = [...Array(14).keys()].map((day) => `2026-03-${day + 10}`);
    for (const ends of [days.slice(0, 2), days]) {
      const deployments = ends.map((day, index) => ending(`t${index}-cd`, day, 'unknown'));
      const inputs = { hold: false, licenses: { etag: '"1"', rows: ends.length } };
      const page = section(pageOf(makeReport({ outcome: 'incomplete', deployments, inputs })), 'verdict');
      expect(page).not.toMatch(/class="(?:soon|overdue|tokenless)"/);
      expect(textOf(page)).toContain('whether its token is active is not known');
      expect(textOf(page)).not.toMatch(/token active|\d active/);
    }
  });

  it('has a title, a description and a table that says the same as the drawing', () => {
    const deployments = [ending('orange-cd', '2026-03-12'), ending('mtn-gh', '2026-02-20')];
    const page = section(pageOf(makeReport({ deployments })), 'verdict');
    expect(page.match(/<svg[^>]*role="img"[^>]*aria-labelledby=/gs)).toHaveLength(1);
    expect(page.match(/<desc /g)).toHaveLength(1);
    const table = textOf(/<table.*?<\/table>/s.exec(page)?.[0] ?? '');
    expect(table).toContain('orange-cd ends in 10 days (2026-03-12) active');
    expect(table).toContain('mtn-gh ended 10 days ago (2026-02-20) active');
  });

  it('says one of one license, and the plural of more or none', () => {
    const rest = (number: number): string =>
      textOf(
        section(
          pageOf(
            makeReport({
              deployments: Array.from({ length: number }, (_, index) => [
                ending(`later${index}-cd`, '2029-01-01'),
                ending(`off${index}-cd`, '2026-02-01', 'inactive'),
                makeRow({ deployment: `ever${index}-cd`, license: { state: 'in force', products: [] } }),
              ]).flat(),
            }),
          ),
          'timeline',
        ),
      );
    expect(rest(1)).toContain('1 ends later, 1 has no end, 1 has ended and has no active token any more.');
    expect(rest(2)).toContain('2 end later, 2 have no end, 2 have ended and have no active token any more.');
  });

  it('stays one look with 10,000 deployments: names for the longest overdue, weeks for the rest', () => {
    const page = section(pageOf(realisticReport(10_000, { actions: [] })), 'verdict');
    expect(page.match(/<g class="(overdue|soon|tokenless)"/g)?.length).toBeLessThan(20);
    expect(textOf(page)).toMatch(/\d+ more are overdue/);
    const { soon } = endingsOf(realisticReport(10_000, { actions: [] }));
    const perWeek = [...page.matchAll(/<th scope="row">([\d,]+) deployments?:/g)].map(([, number]) => Number(number)); // prettier-ignore
    expect(perWeek.reduce((sum, number) => sum + number, 0)).toBe(soon.length);
  });
});

describe('the table of deployments', () => {
  it('shows license, Docker Hub, Vault, verdict and next step', () => {
    const row = makeRow({
      license: { ...licenseUntil('2026-03-12', ['base', 'churn']), contact: 'sales@example.com' },
      hub: {
        state: 'active',
        tokens: [
          { tokenId: 't1', state: 'active', lastUsedAt: '2026-03-01T23:30:00Z' },
          { tokenId: 't2', state: 'expired' },
        ],
      },
      exempt: true,
      verdict: 'warning',
      nextStep: 'Renew it.',
    });
    const text = textOf(section(pageOf(makeReport({ deployments: [row] })), 'deployments'));
    expect(text).toContain(
      'orange-cd exempt · base · churn · sales@example.com in force paid until 2026-03-09, access until 2026-03-12, ends in 10 days active 2 tokens, 1 expired, last used 2026-03-02 present warning Renew it.',
    );
  });

  it('says what is not known as not known', () => {
    const row = makeRow({
      license: { state: 'unknown', products: [] },
      hub: { state: 'unknown', tokens: [] },
      vault: { state: 'unknown' },
      verdict: 'unknown',
    });
    const text = textOf(section(pageOf(makeReport({ deployments: [row] })), 'deployments'));
    expect(text).toContain(
      'unknown the license list was not read unknown the tokens were not read unknown unknown',
    );
  });

  it('holds the worst rows without script, and the data of all of them', () => {
    const report = realisticReport(1000);
    const whole = pageOf(report);
    const page = section(whole, 'deployments');
    const rows = page.match(/<tr role="row"><th role="rowheader"/g) ?? [];
    expect(rows).toHaveLength(ROWS_AT_ONCE);
    const verdicts = [...page.matchAll(/class="badge (\w+)"/g)].map(([, verdict]) => verdict);
    expect([...new Set(verdicts)]).toEqual(['critical', 'warning', 'info', 'ok']);
    expect(dataOf(whole)).toMatchObject({ rows: { length: report.deployments.length } });
    expect(textOf(page)).toContain('The 200 with the worst verdict of 1,001 deployments');
  });

  it('offers no control where no script will answer', () => {
    const page = section(pageOf(makeReport({ deployments: [makeRow()] })), 'deployments');
    expect(page).toMatch(/<div class="controls" id="controls"[^>]*\shidden/);
    expect(page).toMatch(/<button[^>]*id="more"[^>]*\shidden/);
    expect(/<thead.*<\/thead>/s.exec(page)?.[0]).not.toContain('<button');
    const findings = section(pageOf(makeReport({ findings: [makeFinding('missing-token')] })), 'findings');
    expect(findings).toMatch(/<div class="controls" id="finding-controls"[^>]*\shidden/);
  });
});

describe('what the report was made from', () => {
  it('stands with versions, counts, run, mode, day and time zone', () => {
    const text = textOf(section(pageOf(realisticReport(50, { mode: 'dry-run' })), 'inputs'));
    for (const part of [
      '20260302T010012Z-5f0c2a91',
      'Mode dry-run',
      'As of 2026-03-02 in Europe/Brussels',
      '2026-03-02 02:00:12 Europe/Brussels (2026-03-02T01:00:12.000Z)',
      '54 tokens listed',
      'version 214 of the secret',
      'licenses.csv 50 rows, ETag "9b2cf535f27731c974343645a3985328"',
      'HOLD not in the bucket',
      'Mail not sent',
      'reports/2026/03/02/20260302T010012Z-5f0c2a91.json',
    ])
      expect(text).toContain(part);
  });

  it('tells an input that was not read from one that is not there', () => {
    const inputs = { hold: false };
    expect(textOf(section(pageOf(makeReport({ inputs })), 'inputs'))).toContain('exemptions.csv none');
    expect(textOf(section(pageOf(makeReport({ inputs, outcome: 'incomplete' })), 'inputs'))).toContain('Docker Hub not read'); // prettier-ignore
  });

  it('lists exemptions with reason, owner and end, those in force first', () => {
    const text = textOf(section(pageOf(realisticReport(50)), 'exemptions'));
    expect(text).toContain('orange-demo in force, until 2026-06-30 every kind, and no withdrawal demonstration at the customer, agreed by contract Amélie (support) mtn-lab-gh over, until 2026-01-31 unused-token'); // prettier-ignore
  });
});
