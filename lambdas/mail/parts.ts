// The parts of the audit's mail, in their order (contract section 12), each with what it writes of its entries.
import type { Action } from '../domain/actions.ts';
import type { Finding } from '../domain/findings.ts';
import { dayOf } from '../domain/days.ts';
import { shortDay, shortTime } from '../domain/nights.ts';
import type { UnreportedAction } from '../domain/ledger.ts';
import { renewalFinder } from '../domain/plan/guards.ts';
import type { Upcoming } from '../domain/plan/upcoming.ts';
import { type Item, announcementKey } from '../domain/reported.ts';
import { canRename } from '../domain/rules/remedies.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import { type PasteEvent, curesOfMissing, isWithoutAccess } from '../report/open.ts';
import { displayName, joinWithAnd } from '../text/display.ts';
import { eventText } from '../text/event-json.ts';
import { type Events, type Part, moreLines, nameLines, wrapText } from './layout.ts';
import { type MailInput, type Reportable, type WithheldStep, isDoubted, isHeld } from './news.ts';
import { type Brief, briefOf, endText } from './words.ts';

/** From so many entries of one kind on they are written as a list of names instead of a line each. */
const LISTED_FROM = 12;

/** A longer name would be broken in two on a line of the mail. */
const LONGEST_IN_EVENT = 64;

/** Who stands in a part of the mail already: a deployment has one entry. */
export type Mentioned = Set<string>;

/** A part of entries with their items in the memory. */
function partOf<Entry extends { readonly items: readonly Item[] }>(
  entries: readonly Entry[],
  render: (shown: readonly Entry[], events: Events) => readonly string[],
  { noun = 'deployment', isRest = false, comeAgain = true } = {},
): Part {
  return {
    count: entries.length,
    isRest,
    render: (shown, events) => [
      ...render(entries.slice(0, shown), events),
      ...moreLines(entries.length - shown, noun, comeAgain),
    ],
    reportedBy: (shown) => entries.slice(0, shown).flatMap(({ items }) => items.map(({ key }) => key)),
  };
}

/** Names in a column, wide enough for the longest of them, within reason. */
function column(names: readonly string[]): (name: string) => string {
  const width = Math.min(24, Math.max(0, ...names.slice(0, 100).map((name) => displayName(name).length)));
  return (name) => displayName(name).padEnd(width);
}

/** A line of a table: what stands in its first columns, and a text that may go on below itself. */
const row = (start: string, text: string): string[] =>
  wrapText(`  ${start}  ${text}`, ' '.repeat(Math.min(start.length + 4, 22)));

/** What stands in the way of the whole, with the event that approves it; empty where nothing does. */
export function obstacleLines(reported: Reportable, events: Events): string[] {
  return reported.obstacles.flatMap(({ value: { text, approval } }) => [
    ...wrapText(text),
    ...(approval === undefined ? [] : wrapText(`${approval.text}${events.mark(approval.event)}.`)),
    '',
  ]);
}

/** Who loses access next, those never named before first where not all fit. */
export function upcomingPart(input: MailInput, reported: Reportable, mentioned: Mentioned): Part {
  const { snapshot, report } = input;
  const { timeZone } = snapshot.policy;
  const endItems = endItemsOf(reported);
  const entries = reported.upcoming
    .filter(({ value }) => value.heldBy.length === 0)
    .map(({ value, item }) => ({
      ...value,
      items: [item, ...endItems(value.deployment)],
    }))
    .sort((a, b) => Number(b.isNew) - Number(a.isNew));
  for (const { deployment, what } of entries) if (what === 'deactivate') mentioned.add(deployment);
  const held = report.inputs.hold
    ? ' (not while HOLD is there)'
    : isDoubted(input)
      ? ' (not while it is doubted what was read)'
      : report.mode === 'observe'
        ? ' (not in mode observe)'
        : ' (nothing has happened yet)';
  return partOf(entries, (shown) => {
    const byNight = [...shown].sort((a, b) => a.night - b.night);
    const access = byNight.filter(({ what }) => what === 'deactivate');
    const deletions = byNight.filter(({ what }) => what === 'delete-token');
    const title = entries.some(({ what }) => what === 'deactivate') ? [`LOSES ACCESS NEXT${held}`] : [];
    return [
      ...title,
      ...upcomingLines(access, snapshot),
      ...(access.length === 0 || isHeld(input) || report.mode !== 'enforce'
        ? []
        : adviceLines(access, snapshot)),
      ...(deletions.length === 0
        ? []
        : [title.length === 0 ? `DELETED FOR GOOD NEXT${held}` : 'Token and key are deleted for good:']),
      ...deletions.flatMap((deletion) =>
        row(
          shortTime(deletion.night, timeZone, snapshot.today),
          `${displayName(deletion.deployment)}, ${offText(deletion, snapshot)}`,
        ),
      ),
      ...(deletions.length === 0 || title.length > 0
        ? []
        : wrapText(
            'Paid after all? Put the new date into licenses.csv before then: that switches it on again.',
          )),
    ];
  });
}

/** Since when a token that will be deleted is off, and why, a clause. */
function offText({ deployment, end }: Upcoming, { deployments, policy, today }: Snapshot): string {
  const off = (deployments.get(deployment)?.suspensions ?? [])
    .filter(({ by, replaced, deletedAt }) => by === 'audit' && replaced !== true && deletedAt === undefined)
    .map(({ at }) => at)
    .sort()[0];
  const since =
    off === undefined ? 'off' : `off since ${shortDay(dayOf(Date.parse(off), policy.timeZone), today)}`;
  return `${since}, its access ended on ${shortDay(end, today)}`;
}

function upcomingLines(access: readonly Upcoming[], snapshot: Snapshot): string[] {
  const { today, policy } = snapshot;
  const pad = column(access.map(({ deployment }) => deployment));
  const days = ({ paidUntil, end }: Upcoming): string =>
    `${paidUntil === undefined ? 'its row is gone' : `paid until ${shortDay(paidUntil, today)}`}, access until ${shortDay(end, today)}`;
  const groups = Map.groupBy(access, ({ night, paidUntil, end }) => `${night} ${paidUntil ?? ''} ${end}`);
  return [...groups.values()].flatMap((entries) => {
    const [first] = entries;
    if (first === undefined) return [];
    const night = shortTime(first.night, policy.timeZone, today);
    return entries.length < LISTED_FROM
      ? entries.flatMap((entry) => row(`${night}  ${pad(entry.deployment)}`, days(entry)))
      : [
          ...wrapText(`  ${night}  ${days(first)} (${entries.length}):`, '    '),
          ...nameLines(entries.map(({ deployment }) => displayName(deployment))),
        ];
  });
}

function adviceLines(access: readonly Upcoming[], { today, policy, now }: Snapshot): string[] {
  const times = [...new Set(access.map(({ byHand }) => Math.max(byHand, now)))].sort((a, b) => a - b);
  const shown = times.slice(0, 3).map((time) => shortTime(time, policy.timeZone, today).replace(/ +/g, ' '));
  const byHand = joinWithAnd(times.length > 3 ? [...shown, 'later'] : shown);
  return [
    'Paid after all? Put the new date into licenses.csv before then.',
    'Not sure? Upload an empty file called HOLD: nobody is cut off.',
    ...wrapText(`By hand, a run does it from ${byHand} on.`),
  ];
}

/** Who can't pull today: new ones with what is wrong and what cures it, the others by name. */
export function cantPullPart(input: MailInput, reported: Reportable, mentioned: Mentioned): Part {
  const of = reported.findings.filter(({ value }) => isWithoutAccess(value));
  const byName = Map.groupBy(of, ({ value }) => value.deployment);
  const entries = [...byName].map(([deployment, news]) => {
    const [first] = news;
    mentioned.add(deployment);
    return {
      deployment,
      items: news.map(({ item }) => item),
      isNew: reported.isWeekly || news.some(({ isNew }) => isNew),
      brief: first === undefined ? undefined : briefOf(first.value, input.snapshot),
    };
  });
  entries.sort((a, b) => Number(b.isNew) - Number(a.isNew));
  return partOf(entries, (shown, events) => {
    const fresh = shown.filter(({ isNew }) => isNew);
    const pad = column(fresh.map(({ deployment }) => deployment));
    const known = shown.filter(({ isNew }) => !isNew).map(({ deployment }) => displayName(deployment));
    return [
      `CAN'T PULL TODAY (${entries.length})`,
      ...fresh.flatMap(({ deployment, brief }) => row(pad(deployment), sentenceOf(brief, events))),
      ...(known.length === 0 ? [] : wrapText(`  as reported before: ${known.join(', ')}`, '    ')),
    ];
  });
}

const sentenceOf = (brief: Brief | undefined, events: Events): string =>
  brief === undefined
    ? ''
    : `${brief.fact}${brief.cure === '' ? '' : `: ${brief.cure}`}${events.mark(brief.event)}`;

const DONE_WORDS: Record<Action['kind'] | 'issue' | 'rename', string> = {
  announce: 'announced',
  deactivate: 'switched off',
  'delete-token': 'token deleted',
  'remove-key': 'key removed from Vault',
  reactivate: 'switched on again',
  // Their reasons say it, and what came of it: their own mail failed.
  issue: '',
  rename: '',
};

/** What was done of whom, the same of several tokens once. */
function doneLines(actions: readonly UnreportedAction[]): [deployment: string, text: string][] {
  const same = Map.groupBy(actions, ({ deployment, kind, reason }) => `${kind} ${deployment} ${reason}`);
  return [...same.values()].flatMap((tokens) => {
    const [first] = tokens;
    if (first === undefined) return [];
    const words = DONE_WORDS[first.kind];
    const several = tokens.length === 1 ? '' : ` (${tokens.length} tokens)`;
    return [[first.deployment, `${words === '' ? '' : `${words}: `}${first.reason}${several}`]];
  });
}

/** What was done, and how to undo it. */
export function donePart(input: MailInput, reported: Reportable, mentioned: Mentioned): Part {
  const { report } = input;
  const entries = reported.done
    .filter(({ value }) => value.kind !== 'announce')
    .map(({ value, item }) => ({ ...value, items: [item] }));
  for (const { deployment, kind } of entries)
    if (kind === 'deactivate' || kind === 'reactivate') mentioned.add(deployment);
  const ended = new Set(
    input.plan.steps
      .filter(({ kind, replaced }) => kind === 'deactivate' && replaced !== true)
      .map(({ tokenId }) => tokenId),
  );
  const cutOff = report.actions.some(
    ({ kind, status, tokenId }) => kind === 'deactivate' && status === 'done' && ended.has(tokenId),
  );
  const restore: PasteEvent = {
    function: 'revoke',
    json: eventText({ restoreRun: report.runId, reason: '...' }),
  };
  return partOf(
    entries,
    (shown, events) => {
      const pad = column(shown.map(({ deployment }) => deployment));
      return [
        `DONE (${entries.length})`,
        ...doneLines(shown).flatMap(([deployment, text]) => row(pad(deployment), text)),
        ...(cutOff
          ? wrapText(
              `Paid after all? Correct licenses.csv: the upload switches them on. All at once${events.mark(restore)}.`,
            )
          : []),
      ];
    },
    { noun: 'step' },
  );
}

/** What a guard holds, due or only announced, by guard, with the event that approves it. */
export function withheldPart(input: MailInput, reported: Reportable, mentioned: Mentioned): Part {
  const endItems = endItemsOf(reported);
  const withheld = reported.withheld.map((news): HeldEntry & { isNew: boolean } => ({
    ...news.value,
    why: `${news.value.withheld}${FIRST_STEPS.get(news.value.guard ?? '') ?? ''}`,
    isDue: true,
    isNew: news.isNew,
    items: [news.item, ...announcementItems(news.value), ...endItems(news.value.deployment)],
  }));
  const renewedAs = renewalFinder(input.snapshot);
  const announced = reported.upcoming
    .filter(({ value }) => value.heldBy.length > 0)
    .map(({ value, item, isNew }) => ({
      deployment: value.deployment,
      why: heldText(value, renewedAs),
      isDue: false,
      isNew,
      items: [item, ...endItems(value.deployment)],
    }));
  for (const { deployment } of [...withheld, ...announced]) mentioned.add(deployment);
  const entries = [...withheld, ...announced].filter(({ isNew }) => isNew || reported.isWeekly);
  const approvable = new Set(input.plan.approvable);
  return partOf(entries, (shown, events) => {
    const guards = Map.groupBy(shown, ({ why }) => why);
    return [
      `NOT DONE, PLEASE DECIDE (${countNames(entries)})`,
      ...[...guards].flatMap(([why, held]) =>
        guardLines(why, held, { approvable, renewedAs, events, input }),
      ),
    ];
  });
}

/** What a guard holds of one deployment. */
interface HeldEntry {
  readonly deployment: string;
  readonly why: string;
  readonly kind?: Action['kind'];
  /** Its time has come; else it is announced, and would be held. */
  readonly isDue: boolean;
  readonly reason?: string;
  readonly replaced?: boolean | undefined;
  readonly items: readonly Item[];
}

/** A withheld step whose notice is too old is announced again where it is named. */
function announcementItems({ announces, deployment, end }: WithheldStep): Item[] {
  return announces === undefined || end === undefined
    ? []
    : [{ key: announcementKey(announces, deployment, end), repeat: 'once', level: 1 }];
}

/** Why an announced end does not come, a clause. */
function heldText({ deployment, heldBy }: Upcoming, renewedAs: (ended: string) => readonly string[]): string {
  const renewed = renewedAs(deployment);
  return heldBy
    .map((name) => {
      if (name === 'probably renewed under another spelling' && renewed.length > 0)
        return `it was probably renewed as ${renewed.join(' or ')}: correct the name in licenses.csv, or rename the token`;
      return HELD_WORDS.get(name) ?? name;
    })
    .join('; ');
}

/** What to do first about what a guard holds, where its own words do not say so. */
const FIRST_STEPS: ReadonlyMap<string, string> = new Map([
  ['unreadable row', ': correct that line'],
  ['exemption under another name', ': correct the label there, or remove the row'],
  ['still used', ': have the new one put on its servers'],
]);

/** What a guard that holds one deployment means for people. */
const HELD_WORDS: ReadonlyMap<string, string> = new Map([
  ['caps of 0', 'with caps of 0 in the configuration the audit withdraws nothing'],
  ['in use by somebody else', 'its token is in use by somebody else, who would lose access too'],
  ['unreadable row', "a row of licenses.csv that can't be read may be about it: correct the row"],
  ['exemption under another name', 'an exemption under another name probably means it: correct the name'],
  ['misnamed', 'its name is misspelt, so it goes only by approval'],
]);

const countNames = (entries: readonly { readonly deployment: string }[]): number =>
  new Set(entries.map(({ deployment }) => deployment)).size;

function guardLines(
  why: string,
  held: readonly HeldEntry[],
  mail: {
    readonly approvable: ReadonlySet<string>;
    /** The names in force as which an ended deployment was probably renewed. */
    readonly renewedAs: (ended: string) => readonly string[];
    readonly events: Events;
    readonly input: MailInput;
  },
): string[] {
  const { approvable, renewedAs, events, input } = mail;
  const names = [...new Set(held.map(({ deployment }) => deployment))];
  // In pieces, a name would be another one where it is pasted: a long one has to be approved from the report.
  const approved = names.filter((name) => approvable.has(name) && staysWhole(name));
  const event: PasteEvent | undefined =
    approved.length === 0
      ? undefined
      : {
          function: 'audit',
          json: eventText({ approve: approved }),
        };
  const measure = isDoubted(input) ? ', which lets the new numbers count as well' : '';
  const isCutOff = held.every(({ kind, replaced }) => kind === 'deactivate' && replaced !== true);
  const end = held.some(({ isDue }) => isDue)
    ? isCutOff
      ? 'Not cut off'
      : 'Nothing was done'
    : 'It will not be cut off';
  const rename = names.length === 1 ? renameEvent(names[0] ?? '', renewedAs, input.snapshot) : undefined;
  const reason =
    rename !== undefined && why.endsWith('rename the token') ? `${why}${events.mark(rename)}` : why;
  const approval =
    event === undefined ? '' : ` Right all the same? Approve it${events.mark(event)}${measure}.`;
  return [...heldLines(names, held, input.snapshot), ...wrapText(`  ${end}: ${reason}.${approval}`, '  ')];
}

/** The event that gives an ended deployment's token the one name as which it was probably renewed. */
function renameEvent(
  ended: string,
  renewedAs: (ended: string) => readonly string[],
  snapshot: Snapshot,
): PasteEvent | undefined {
  const [name, ...others] = renewedAs(ended);
  if (name === undefined || others.length > 0 || !canRename(snapshot, ended, name)) return undefined;
  if (!staysWhole(ended) || !staysWhole(name)) return undefined;
  return { function: 'issue', json: eventText({ deployment: ended, renameTo: name }) };
}

/** Whether a name, as an event writes it, is not broken in two on a line of the mail. */
function staysWhole(name: string): boolean {
  return eventText({ approve: [name] }).length - eventText({ approve: [''] }).length < LONGEST_IN_EVENT;
}

function heldLines(names: readonly string[], held: readonly HeldEntry[], snapshot: Snapshot): string[] {
  if (names.length >= LISTED_FROM) return nameLines(names.map(displayName), '  ');
  const pad = column(names);
  const byName = new Map(held.map((entry) => [entry.deployment, entry]));
  return names.flatMap((name) => {
    const entry = byName.get(name);
    const end = entry?.replaced === true ? '' : endText(snapshot, name);
    return row(pad(name), end === '' ? (entry?.reason ?? 'its row is gone') : end);
  });
}

/** By deployment, the findings that say no more than that its license ends: the same news as what becomes of it. */
function endItemsOf({ findings }: Reportable): (deployment: string) => Item[] {
  const byName = Map.groupBy(
    findings.filter(({ value }) => END_KINDS.has(value.kind)),
    ({ value }) => value.deployment,
  );
  return (deployment) => (byName.get(deployment) ?? []).map(({ item }) => item);
}

/** What failed or was left alone, and in observe what would be done. */
export function failedPart(reported: Reportable, mentioned: Mentioned): Part {
  const entries = [...reported.failed, ...reported.planned]
    .filter(({ isNew }) => isNew || reported.isWeekly)
    .map(({ value, item }) => ({ ...value, items: [item] }));
  for (const { deployment } of entries) mentioned.add(deployment);
  const words: Partial<Record<Action['status'], string>> = {
    failed: 'FAILED',
    skipped: 'left alone',
    planned: 'would be done',
  };
  return partOf(
    entries,
    (shown) => {
      const pad = column(shown.map(({ deployment }) => deployment));
      const isTried = entries.some(({ status }) => status !== 'planned');
      return [
        `${isTried ? 'FAILED OR NOT TRIED' : 'WOULD BE DONE'} (${entries.length})`,
        ...shown.flatMap(({ deployment, kind, status, reason }) =>
          row(pad(deployment), `${KIND_WORDS[kind]} ${words[status] ?? status}: ${reason}`),
        ),
        ...(isTried ? ['The next run tries again what is due then.'] : []),
      ];
    },
    { noun: 'step' },
  );
}

const KIND_WORDS: Record<Action['kind'], string> = {
  announce: 'announcing',
  deactivate: 'switching off',
  'delete-token': 'deleting the token',
  'remove-key': 'removing the key',
  reactivate: 'switching on',
};

/** Findings that say no more than that a deployment's access ends, which stands in the parts above. */
const END_KINDS: ReadonlySet<Finding['kind']> = new Set(['license-expired', 'license-expiring']);

/** An entry of the rest: deployments of which the same is to be said. */
interface RestEntry {
  readonly names: readonly string[];
  readonly items: readonly Item[];
  readonly briefs: readonly Brief[];
}

/** Everything else, one entry a deployment; those with the same to say share a line. */
export function restPart(input: MailInput, reported: Reportable, mentioned: Mentioned): Part {
  const cured = new Set(curedKeys(input, reported));
  const wanted = reported.findings.filter(
    ({ value, item, isNew }) =>
      (isNew || reported.isWeekly) &&
      !isDoubted(input) &&
      !isWithoutAccess(value) &&
      // What cures somebody who can't pull has been said there.
      !cured.has(item.key) &&
      !(mentioned.has(value.deployment) && END_KINDS.has(value.kind)),
  );
  const byName = [...Map.groupBy(wanted, ({ value }) => value.deployment)].map(([name, news]) => ({
    name,
    items: news.map(({ item }) => item),
    briefs: distinctBriefs(news.map(({ value }) => briefOf(value, input.snapshot))),
  }));
  const groups = Map.groupBy(byName, ({ briefs }) =>
    briefs.map(({ fact, cure }) => `${fact}: ${cure}`).join('; '),
  );
  const entries = [...groups.values()].flatMap(inPieces).map((piece): RestEntry => ({
    names: piece.map(({ name }) => name),
    items: piece.flatMap(({ items }) => items),
    briefs: piece[0]?.briefs ?? [],
  }));
  const count = entries.reduce((sum, { names }) => sum + names.length, 0);
  return partOf(
    entries,
    (shown) => [
      `TO PUT IN ORDER (${count}; the report has the events to paste)`,
      ...shown.flatMap(({ names, briefs }) =>
        wrapText(`- ${names.map(displayName).join(', ')}: ${restText(briefs)}`, '  '),
      ),
    ],
    { noun: 'line', isRest: true },
  );
}

/** Keys of what is cured with those who can't pull: reported with them. */
export function curedKeys(input: MailInput, reported: Reportable): string[] {
  const cured = curesOfMissing(reported.findings.map(({ value }) => value));
  return reported.findings.flatMap(({ value, item }) =>
    cured.has(briefOf(value, input.snapshot).event?.json ?? '') ? [item.key] : [],
  );
}

/** Names on one line of the rest: one that does not fit is not dropped with all who have the same. */
const MAX_NAMES = 50;

function inPieces<Entry>(group: readonly Entry[]): Entry[][] {
  return Array.from({ length: Math.ceil(group.length / MAX_NAMES) }, (_, index) =>
    group.slice(index * MAX_NAMES, (index + 1) * MAX_NAMES),
  );
}

function distinctBriefs(briefs: readonly Brief[]): Brief[] {
  return [...new Map(briefs.map((brief) => [brief.fact, brief])).values()];
}

/** The facts in a row, and each cure once. */
function restText(briefs: readonly Brief[]): string {
  const cures = [...new Set(briefs.flatMap(({ cure }) => cure.split(', or ')).filter((cure) => cure !== ''))];
  // What is to be done stands before what is to be asked.
  const todo = cures.toSorted((a, b) => Number(a.endsWith('?')) - Number(b.endsWith('?'))).join(', or ');
  return `${briefs.map(({ fact }) => fact).join('; ')}${todo === '' ? '' : `: ${todo}`}`;
}

/** What was put right since the last mail, exemptions, and notes. */
export function otherParts(input: MailInput, reported: Reportable): Part[] {
  const news = reported.resolved.filter(({ isNew }) => isNew);
  const resolved = [...Map.groupBy(news, ({ value }) => value.deployment)].map(([deployment, news]) => ({
    deployment,
    items: news.map(({ item }) => item),
  }));
  const lines = (title: string, entries: readonly { text: string; items: readonly Item[] }[], noun: string) =>
    partOf(entries, (shown) => [title, ...shown.flatMap(({ text }) => wrapText(`- ${text}`, '  '))], {
      noun,
      isRest: true,
      // What changed is a change of this night only.
      comeAgain: noun !== 'note',
    });
  return [
    partOf(
      resolved,
      (shown) => [
        `PUT RIGHT SINCE THE LAST MAIL (${resolved.length})`,
        ...nameLines(
          shown.map(({ deployment }) => displayName(deployment)),
          '  ',
        ),
      ],
      { isRest: true },
    ),
    lines(
      'EXEMPTIONS',
      reported.exemptions.map(({ value, item }) => ({ text: value, items: [item] })),
      'line',
    ),
    lines('NOTES', notesOf(input, reported), 'note'),
  ];
}

function notesOf({ report }: MailInput, reported: Reportable): { text: string; items: readonly Item[] }[] {
  const alerts = new Map(reported.alerts.map((alert) => [alert.value.text, alert]));
  return report.notes
    .filter((text) => !text.startsWith('The object HOLD'))
    .flatMap((text) => {
      const alert = alerts.get(text);
      if (alert === undefined) return [{ text, items: [] }];
      return alert.isNew || reported.isWeekly ? [{ text, items: [alert.item] }] : [];
    });
}
