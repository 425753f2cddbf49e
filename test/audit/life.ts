// People, customers and nights as they may come, and the rules of the contract that must hold whatever comes.
import type { AuditEvent } from '../../lambdas/audit/event.ts';
import type { Action, ActionKind } from '../../lambdas/domain/actions.ts';
import { DAY, HOUR, addDays, dayOf, iso } from '../../lambdas/domain/days.ts';
import { AuditorError, isAuditorError } from '../../lambdas/errors.ts';
import { OBJECTS } from '../../lambdas/ledger/bucket-keys.ts';
import type { Settings } from '../../lambdas/runtime/settings.ts';
import { Crash, type Fate } from '../sandbox/memory-sandbox.ts';
import { countsOfMail, countsOfPage } from './life-counts.ts';
import type { Disturbance, Scenario, Work } from './scenario.ts';

/** One thing that happens in the life of licenses: to customers, to people, to systems. */
export type Happening =
  | { readonly do: 'pass'; readonly hours: number }
  | { readonly do: 'license'; readonly who: number; readonly days: number | null }
  | { readonly do: 'misspell'; readonly who: number; readonly days: number }
  | { readonly do: 'garble'; readonly who: number }
  | { readonly do: 'switch'; readonly who: number; readonly on: boolean }
  | { readonly do: 'hold'; readonly on: boolean }
  /** Somebody uploads a copy of the list that is so many changes old. */
  | { readonly do: 'old copy'; readonly age: number }
  /** Somebody sorts the column of days and leaves the other columns as they are. */
  | { readonly do: 'sort one column' }
  /** Somebody removes all rows whose end has passed. */
  | { readonly do: 'tidy up' }
  /** Somebody relabels a deployment's tokens on Docker Hub's page, as people write names, or back again. */
  | { readonly do: 'relabel'; readonly who: number }
  | { readonly do: 'subscriber'; readonly on: boolean }
  /** Somebody exempts a deployment for so many days, or takes its exemption back. */
  | { readonly do: 'exempt'; readonly who: number; readonly days: number | null }
  /** What EventBridge sends after an upload; `again` where it is delivered twice. */
  | ({ readonly do: 'review'; readonly again: boolean } & Disturbance)
  /** Somebody approves whatever has ended and been announced, or that deployment where nothing has. */
  | { readonly do: 'approve'; readonly who: number }
  /** Somebody says that the lists are right as they are. */
  | { readonly do: 'approve nothing' }
  /** Somebody undoes the last run that switched something off. */
  | { readonly do: 'restore run' }
  | { readonly do: 'night'; readonly at: number; readonly fate: Fate; readonly times: number }
  | { readonly do: 'revoke' | 'restore'; readonly who: number }
  /** A customer pulls: with what Vault holds, or with the oldest token that works. */
  | { readonly do: 'pull'; readonly who: number; readonly old: boolean }
  /** The token that was made last has leaked: somebody revokes that one alone. */
  | { readonly do: 'revoke newest'; readonly who: number }
  | { readonly do: 'regenerate'; readonly who: number }
  | {
      readonly do: 'together';
      readonly who: number;
      /** Whom a person's call meets: the night, or another person's call for the same deployment. */
      readonly meets: 'night' | 'regenerate';
      /** Whether the person comes first where both want the lease. */
      readonly personFirst: boolean;
      /** Whether whoever comes first takes longer than the other waits. */
      readonly slow: boolean;
    }
  | { readonly do: 'lose keys' }
  /** Two runs at once after each other, undisturbed. */
  | { readonly do: 'night twice' }
  /** Ten undisturbed nights without `HOLD`, with a readable list and a reader: time enough for whatever is due. */
  | { readonly do: 'quiet nights' };

export const NAMES = [
  'orange-cd',
  'vodacom-cd',
  'mtn-cm',
  'airtel-td',
  'moov-bj',
  'telma-mg',
  'onatel-bf',
] as const;

/** How people write a deployment's name. */
function asWrittenByHand(name: string): string {
  return name.replace('-', '_').toUpperCase();
}

function nameMeantBy(label: string): string {
  return NAMES.find((name) => asWrittenByHand(name) === label) ?? label;
}

/** A rule of the audit that was broken. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

/** What a life has come to. */
export interface LifeState {
  readonly tokens: readonly { readonly id: string; readonly label: string; readonly enabled: boolean }[];
  /** Each key with the id of the token whose content it holds. */
  readonly keys: readonly (readonly [name: string, holder: string | undefined])[];
}

interface Watch {
  enabled: boolean;
  label: string;
  /** It was replaced, and its overlap is over. */
  overlapOver: boolean;
}

/** What the sandbox of a {@link Life} has to be configured with: caps that so few deployments can reach. */
export const LIFE_SETTINGS = {
  maxWithdrawals: 2,
  maxWithdrawalPercent: 0,
} as const satisfies Partial<Settings>;

/** Whether a list lost more than a fifth and more than 2 of its rows: those that are gone, and those that end earlier. */
function hasLost(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): boolean {
  const lost = [...before].filter(([name, end]) => (now.get(name) ?? '') < end).length;
  // One row more stands in every list.
  return lost > 2 && lost > (before.size + 1) / 5;
}

/** What a run of the audit was asked for: anything that is due, or what exactly. */
interface Asked {
  /** Withdraw nothing, and leave all else to the night. */
  readonly isReview?: boolean;
  /** Withdraw these and no others. */
  readonly approved?: ReadonlySet<string>;
}

/** More exemptions than these, taken back at once, would make a list that shrank. */
const MOST_EXEMPTIONS = 2;

/** People's own decision to let somebody pull is left alone for so long. */
const LEFT_ALONE = 7 * DAY;

/** Two deployments in 20 hours, as {@link LIFE_SETTINGS} says. */
const MOST_WITHDRAWN = 2;

/**
 * Lets things happen in a sandbox, and checks after each of them that what must never happen did not: the invariants of
 * contract section 8.
 */
export class Life<In extends Scenario = Scenario> {
  readonly scenario: In;
  readonly sandbox: In['sandbox'];
  /** Last paid day by deployment; `never` for an unreadable row; absent without a row. */
  private readonly paid = new Map<string, string>();
  private readonly misspelt = new Map<string, string>();
  /** Every list that was uploaded, oldest first. */
  private readonly copies: ReadonlyMap<string, string>[] = [];
  /** When the audit's own hand switched a token off. */
  private readonly offByAudit = new Map<string, number>();
  /** The tokens that it switched off as replaced, after their overlap: a renewal does not bring them back. */
  private readonly offAsReplaced = new Set<string>();
  /** When the audit withdrew which deployment. */
  private withdrawn: { deployment: string; at: number }[] = [];
  /** When a published mail with a confirmed subscriber announced a deployment. */
  private readonly announced = new Map<string, number[]>();
  /** When such a mail named a deployment among those that lose access or that a guard holds: void for nobody who approves. */
  private readonly named = new Map<string, number[]>();
  /** Of which deployments a change was made that no mail has named yet which somebody could read. */
  private readonly unmailed = new Set<string>();
  /** What the lists may be compared with: those that a night may have read, and that had not shrunk themselves. */
  private measures: ReadonlyMap<string, string>[] = [];
  /** A whole night went by: before it there may be nothing that a list is compared with. */
  private isMeasured = false;
  /** Until which day somebody is exempt from everything. */
  private readonly exempt = new Map<string, string>();
  /** Tokens that a whole night saw switched off: if people switch one on, the next run knows it. */
  private readonly seenOff = new Set<string>();
  /** When people switched on a token that was seen off. */
  private readonly onByPeople = new Map<string, number>();
  /** Which run switched off a token for its end, as long as nobody else decided about it. */
  private readonly offByRun = new Map<string, string>();
  /** The last run that switched something off. */
  private lastWithdrawing = '';
  /** Whose end had passed when a night looked: it stays passed when its row disappears. */
  private readonly passed = new Set<string>();
  /** How many nights passed. */
  nights = 0;
  /** How many deployments the audit withdrew. */
  withdrawals = 0;

  constructor(scenario: In) {
    this.scenario = scenario;
    this.sandbox = scenario.sandbox;
    for (const name of NAMES) {
      this.sandbox.addToken(name);
      this.paid.set(name, '2026-12-31');
    }
    this.writeLicenses();
  }

  private writeLicenses(): void {
    this.copies.push(new Map(this.paid));
    const rows = [...this.paid, ...this.misspelt].map(([name, end]) => {
      const cut = name.lastIndexOf('-');
      return `${name.slice(0, cut)},${name.slice(cut + 1)},${end},0`;
    });
    // A list that nobody is in would be refused as a whole, and nothing would ever happen.
    this.sandbox.bucket.put(
      OBJECTS.licenses,
      ['telco,country,expires_on,grace_days', 'filler,zz,9999-12-31,0', ...rows].join('\n'),
    );
  }

  private name(who: number): string {
    return NAMES[who % NAMES.length] ?? NAMES[0];
  }

  private get today(): string {
    return dayOf(this.sandbox.now, 'UTC');
  }

  private snapshot(): Map<string, Watch> {
    const over = new Set(
      this.sandbox.ledger.replaced
        .filter(({ until }) => Date.parse(until) <= this.sandbox.now)
        .map(({ tokenId }) => tokenId),
    );
    return new Map(
      this.listed.map(({ id, enabled, label }) => [id, { enabled, label, overlapOver: over.has(id) }]),
    );
  }

  /** Lets one thing happen and checks what came of it. */
  async happen(what: Happening): Promise<void> {
    await this.begin(what);
    // A one-time code serves one function, and the next thing happens some minutes later.
    this.sandbox.now += 2 * 60_000;
  }

  private async begin(what: Happening): Promise<void> {
    const { sandbox } = this;
    switch (what.do) {
      case 'pass':
        sandbox.now += Math.round(what.hours * HOUR);
        return;
      case 'license':
        if (what.days === null) this.paid.delete(this.name(what.who));
        else this.paid.set(this.name(what.who), addDays(this.today, what.days));
        this.writeLicenses();
        return;
      case 'misspell': {
        const name = this.name(what.who);
        this.misspelt.set(`${name.slice(0, 1)}${name}`, addDays(this.today, what.days));
        this.writeLicenses();
        return;
      }
      case 'garble':
        this.paid.set(this.name(what.who), 'never');
        this.writeLicenses();
        return;
      case 'old copy':
        this.replaceList(this.copies.at(-1 - what.age) ?? this.paid);
        return;
      case 'sort one column': {
        const days = [...this.paid.values()].sort();
        this.replaceList(new Map([...this.paid.keys()].map((name, row) => [name, days[row] ?? 'never'])));
        return;
      }
      case 'tidy up':
        this.replaceList(new Map([...this.paid].filter(([, end]) => end >= this.today)));
        return;
      case 'relabel':
        this.relabel(this.name(what.who));
        return;
      case 'switch':
        for (const token of this.listed)
          if (token.label === this.name(what.who) && token.enabled !== what.on) {
            sandbox.tokens.modify(token.id, { is_active: what.on });
            // By the contract an inactive token with an open step is the audit's, whoever was quicker.
            const isOpen = sandbox.ledger.intents.some(
              ({ step, tokenId }) => step === 'deactivate' && tokenId === token.id,
            );
            if (isOpen && !what.on) this.offByAudit.set(token.id, sandbox.now);
            else this.decidedByPeople(token.id);
            if (what.on && this.seenOff.has(token.id)) this.onByPeople.set(token.id, sandbox.now);
          }
        return;
      case 'hold':
        if (what.on) sandbox.bucket.put(OBJECTS.hold, '');
        else sandbox.bucket.delete(OBJECTS.hold);
        return;
      case 'subscriber':
        await sandbox.setConfirmed(what.on);
        return;
      case 'pull':
        this.pull(this.name(what.who), what.old);
        return;
      case 'revoke':
      case 'restore':
      case 'revoke newest':
        await this.revokeOrRestore(what);
        return;
      case 'restore run':
        await this.restoreRun();
        return;
      case 'exempt':
        this.writeExemption(this.name(what.who), what.days);
        return;
      case 'review':
        await this.review(what);
        return;
      case 'approve':
        await this.approve(what.who);
        return;
      case 'approve nothing':
        await this.runAudit({ approve: [], reason: 'the lists are right' }, { approved: new Set() });
        return;
      case 'regenerate':
        await this.onDemand(this.regenerate(what.who));
        return;
      case 'together':
        await this.together(what);
        return;
      case 'lose keys':
        // More than a fifth and more than two of the keys vanish at once.
        sandbox.keys.delete(...NAMES.slice(0, 4));
        return;
      case 'night':
        await this.night(what);
        return;
      case 'night twice':
        await this.nightTwice();
        return;
      case 'quiet nights':
        await this.quietNights();
    }
  }

  /** Whatever the audit did with a token before, it is people's matter now. */
  private decidedByPeople(id: string): void {
    this.offByAudit.delete(id);
    this.offByRun.delete(id);
    this.onByPeople.delete(id);
  }

  private pull(name: string, isOld: boolean): void {
    const { sandbox } = this;
    const working = this.listed.filter(({ label, enabled }) => label === name && enabled);
    const used = isOld ? working[0] : working.find(({ id }) => id === sandbox.holder(name));
    if (used !== undefined) sandbox.tokens.modify(used.id, { last_used: iso(sandbox.now) });
  }

  private async revokeOrRestore(what: {
    readonly do: 'revoke' | 'restore' | 'revoke newest';
    readonly who: number;
  }): Promise<void> {
    const name = this.name(what.who);
    const before = this.snapshot();
    const newest = this.listed.findLast(({ label }) => label === name)?.id;
    const only = what.do === 'revoke newest' ? newest : undefined;
    await this.onDemand(async (functions) =>
      this.believe(
        await functions.revoke({
          deployment: name,
          reason: 'people',
          ...(what.do === 'restore' ? { restore: true } : {}),
          ...(only === undefined ? {} : { tokenId: only }),
        }),
      ),
    );
    for (const { id, label, enabled } of this.listed)
      if (label === name && (only ?? id) === id) {
        this.decidedByPeople(id);
        if (enabled && before.get(id)?.enabled === false) this.onByPeople.set(id, this.sandbox.now);
      }
    // Whoever decides about it knows, and the call has a mail of its own.
    this.unmailed.delete(name);
  }

  private async restoreRun(): Promise<void> {
    const runId = this.lastWithdrawing;
    if (runId === '') return;
    const before = this.snapshot();
    const replaced = new Set(this.sandbox.ledger.replaced.map(({ tokenId }) => tokenId));
    const meant = this.listed.filter(
      ({ id, enabled }) => !enabled && this.offByRun.get(id) === runId && !replaced.has(id),
    );
    await this.onDemand(async (functions) =>
      this.believe(await functions.revoke({ restoreRun: runId, reason: 'the list was wrong' })),
    );
    for (const { id, label, enabled } of this.listed) {
      const was = before.get(id);
      this.expect(
        was?.enabled === enabled || (enabled && this.offByRun.get(id) === runId),
        `${label} was changed when a run was undone that had not switched it off`,
      );
      if (was?.enabled === enabled) continue;
      this.decidedByPeople(id);
      this.onByPeople.set(id, this.sandbox.now);
      this.unmailed.delete(label);
    }
    for (const { id, label } of meant)
      this.expect(
        this.onByPeople.get(id) === this.sandbox.now,
        `${label} stayed off when the run that had switched it off was undone`,
      );
  }

  private writeExemption(name: string, days: number | null): void {
    for (const [other, until] of this.exempt) if (until < this.today) this.exempt.delete(other);
    if (days === null) this.exempt.delete(name);
    else if (this.exempt.has(name) || this.exempt.size < MOST_EXEMPTIONS)
      this.exempt.set(name, addDays(this.today, days));
    this.writeExemptions();
  }

  private writeExemptions(): void {
    const rows = [...this.exempt].map(([name, until]) => `${name},talks,sales,${until}`);
    this.sandbox.putExemptions(['label,reason,owner,until', ...rows].join('\n'));
  }

  private isExempt(name: string): boolean {
    return (this.exempt.get(name) ?? '') >= this.today;
  }

  private async review({ again, ...disturbance }: Extract<Happening, { do: 'review' }>): Promise<void> {
    const { sandbox } = this;
    const { report } = await this.runAudit({ review: true }, { isReview: true }, disturbance);
    if (!again || disturbance.fate !== 'pass' || report === undefined || !sandbox.confirmed) return;
    const [once, mails, day] = [JSON.stringify(this.state), sandbox.mails.length, this.today];
    await this.runAudit({ review: true }, { isReview: true });
    // By another day something may have ended.
    if (this.today !== day) return;
    this.expect(
      JSON.stringify(this.state) === once && sandbox.mails.length === mails,
      'the same review once more changed or reported something',
    );
  }

  private async approve(who: number): Promise<void> {
    const due = NAMES.filter(
      (name) => this.license(name) === 'ended' && this.isOn(name) && this.hasNotice(name, true),
    );
    const names = due.length === 0 ? [this.name(who)] : due;
    const before = JSON.stringify(this.state);
    const { error } = await this.runAudit(
      { approve: names, reason: 'they are right' },
      { approved: new Set(names) },
    );
    this.expect(
      error !== 'NotDue' || JSON.stringify(this.state) === before,
      'an approval of what is not due changed something',
    );
  }

  private async nightTwice(): Promise<void> {
    await this.night();
    const overlaps = this.overlapsOver();
    const once = JSON.stringify(this.state);
    await this.night();
    // An overlap that was over only now makes a change of its own due.
    this.expect(
      JSON.stringify(this.state) === once || this.overlapsOver() !== overlaps,
      'the same night once more changed something',
    );
  }

  private overlapsOver(): number {
    return [...this.snapshot().values()].filter(({ overlapOver }) => overlapOver).length;
  }

  private async quietNights(): Promise<void> {
    const { sandbox } = this;
    sandbox.bucket.delete(OBJECTS.hold);
    if (this.exempt.size > 0) {
      this.exempt.clear();
      this.writeExemptions();
    }
    await sandbox.setConfirmed(true);
    for (const [name, end] of this.paid) if (end === 'never') this.paid.set(name, addDays(this.today, 90));
    this.writeLicenses();
    const mails = sandbox.mails.length;
    for (let night = 0; night < 10; night++) {
      await this.night();
      // The schedule is some minutes early or late.
      sandbox.now += DAY + ((night % 3) - 1) * 5 * 60_000;
    }
    const texts = sandbox.mails.slice(mails).map(({ text }) => text);
    for (const [name, end] of this.paid) {
      const tokens = this.listed.filter(({ label }) => label === name);
      const isOn = tokens.some(({ enabled }) => enabled);
      const isWithheld = texts.some((text) => new RegExp(`NOT DONE(?:(?!\n\n)[^])*\\b${name}\\b`).test(text));
      // Two days: the last nights saw an end that has passed since as one to come.
      this.expect(
        end >= addDays(this.today, -3) || !isOn || isWithheld,
        `${name} ended on ${end}, still has access after ten quiet nights, and no mail says what holds it`,
      );
      this.expect(
        end <= this.today ||
          isOn ||
          !tokens.some(({ id }) => this.offByAudit.has(id) && !this.offAsReplaced.has(id)),
        `${name} has paid until ${end} and was not switched on again in ten quiet nights`,
      );
    }
  }

  private replaceList(list: ReadonlyMap<string, string>): void {
    const rows = [...list];
    this.paid.clear();
    for (const [name, end] of rows) this.paid.set(name, end);
    this.writeLicenses();
  }

  private relabel(name: string): void {
    const byHand = asWrittenByHand(name);
    for (const { id, label } of this.listed)
      if (label === name) this.sandbox.tokens.modify(id, { token_label: byHand });
      else if (label === byHand) this.sandbox.tokens.modify(id, { token_label: name });
  }

  private regenerate(who: number): Work {
    return async (functions) => {
      const event = {
        deployment: this.name(who),
        regenerate: true,
        overlapHours: 48,
        allowUnlicensed: true,
        reason: 'lost',
      };
      const result = await functions.issue(event);
      this.expect(
        this.sandbox.tokens.get(result.tokenId)?.is_active === true &&
          this.sandbox.holder(result.deployment) === result.tokenId,
        `${result.deployment} was told to have a token that is not there or not in Vault`,
      );
      return result;
    };
  }

  /** What a function says was done was done. */
  private believe<Result extends { readonly actions: readonly Action[] }>(result: Result): Result {
    const { tokens, keys } = this.sandbox;
    for (const { kind, deployment, tokenId = '', status } of result.actions) {
      if (status !== 'done') continue;
      const token = tokens.get(tokenId);
      const isSo: Record<ActionKind, boolean> = {
        announce: true,
        deactivate: token?.is_active !== true,
        reactivate: token?.is_active === true,
        'delete-token': token === undefined,
        'remove-key': !keys.has(deployment),
      };
      this.expect(isSo[kind], `${kind} of ${deployment} was reported as done, and was not`);
    }
    return result;
  }

  /** Two functions at the same moment: one of them works, the other is told that somebody is at it. */
  private async together({
    who,
    meets,
    personFirst,
    slow,
  }: Extract<Happening, { do: 'together' }>): Promise<void> {
    const { sandbox } = this;
    const before = this.snapshot();
    const mails = sandbox.mails.length;
    const person = this.regenerate(who);
    const other: Work =
      meets === 'night' ? async (functions) => this.believe(await functions.audit({})) : this.regenerate(who);
    const results = await (personFirst
      ? this.scenario.race(person, other, slow)
      : this.scenario.race(other, person, slow));
    const busy = results.filter(
      (result) => result.status === 'rejected' && isAuditorError(result.reason, 'Busy'),
    );
    for (const result of results)
      if (result.status === 'rejected' && !isAuditorError(result.reason)) throw result.reason;
    // Whoever comes second waits for the first to end, and is told to wait where that takes too long.
    this.expect(busy.length === (slow ? 1 : 0), `${busy.length} of two functions that met were told to wait`);
    const made = this.listed.filter(({ id }) => !before.has(id)).length;
    const issuing = (meets === 'night' ? 1 : 2) - busy.length;
    this.expect(made <= Math.max(1, issuing), `${made} tokens were made by ${issuing} functions`);
    this.check(before);
    // A night that met a call goes by the list, and is compared with, like any other.
    if (meets === 'night') this.measure(results[personFirst ? 1 : 0].status === 'fulfilled');
    this.hear(mails);
    sandbox.now += 16 * 60_000;
  }

  private async onDemand(call: Work): Promise<void> {
    try {
      await this.scenario.run(call);
    } catch (error) {
      if (!(error instanceof AuditorError)) throw error;
    }
  }

  /** One night, undisturbed or not. */
  async night(disturbance?: Disturbance): Promise<void> {
    this.nights += 1;
    await this.runAudit({}, {}, disturbance);
  }

  /** One run of the audit; where its report is, or what it failed with. */
  private async runAudit(
    event: AuditEvent,
    asked: Asked,
    disturbance?: Disturbance,
  ): Promise<{ readonly report?: string; readonly error?: string }> {
    const { sandbox } = this;
    const before = this.snapshot();
    const mails = sandbox.mails.length;
    let report: string | undefined;
    let failed: string | undefined;
    try {
      await this.scenario.run(async (functions) => {
        const result = this.believe(await functions.audit(event));
        report = result.report;
        return result;
      }, disturbance);
    } catch (error) {
      if (!(error instanceof AuditorError) && !(error instanceof Crash)) throw error;
      failed = error.name;
    }
    this.check(before, asked);
    if (report !== undefined) this.remember(report, before, asked);
    if (asked.isReview !== true)
      this.measure(report !== undefined, asked.approved !== undefined && failed !== 'NotDue');
    this.hear(mails);
    if (asked.isReview !== true) {
      this.expect(
        report === undefined || !sandbox.confirmed || this.unmailed.size === 0,
        `no mail that somebody could read says what was done with ${[...this.unmailed].join(', ')}`,
      );
      if (report !== undefined && sandbox.mails.length === mails + 1) this.compareCounts(report);
    }
    if (report !== undefined) this.lapse();
    // Whatever happened, nobody else's lease is in the way of the next night.
    sandbox.now += 16 * 60_000;
    return {
      ...(report === undefined ? {} : { report }),
      ...(failed === undefined ? {} : { error: failed }),
    };
  }

  /** What a whole run saw and did, as far as people's later decisions depend on it. */
  private remember(report: string, before: ReadonlyMap<string, Watch>, { isReview = false }: Asked): void {
    if (isReview) return;
    const runId = /([^/]+)\.json$/.exec(report)?.[1] ?? '';
    this.seenOff.clear();
    for (const { id, enabled } of this.listed) {
      if (!enabled) this.seenOff.add(id);
      if (enabled || before.get(id)?.enabled !== true || this.offAsReplaced.has(id)) continue;
      this.offByRun.set(id, runId);
      this.lastWithdrawing = runId;
    }
  }

  /** A notice is void once a run has seen that `HOLD` or an exemption was in its way. */
  private lapse(): void {
    for (const name of NAMES)
      if (this.isExempt(name) || this.sandbox.bucket.text(OBJECTS.hold) !== undefined)
        this.announced.delete(name);
  }

  /** Mail, page and report of a night give the same numbers. */
  private compareCounts(report: string): void {
    const mail = countsOfMail(this.sandbox.mails.at(-1)?.text ?? '');
    const page = countsOfPage(this.sandbox.bucket.text(report.replace(/json$/, 'html')) ?? '');
    for (const [what, count] of mail)
      this.expect(page.get(what) === count, `the mail counts ${count} "${what}", the page ${page.get(what)}`);
  }

  /** Remembers whom the mails since then announce, where anybody was there to read them. */
  private hear(since: number): void {
    const { sandbox } = this;
    if (!sandbox.confirmed) return;
    for (const { text } of sandbox.mails.slice(since))
      for (const name of this.unmailed)
        if (
          new RegExp(
            `(?:DONE|FAILED OR NOT TRIED|SWITCHED ON AGAIN) \\(\\d+\\)(?:(?!\n\n)[^])*\\b${name}\\b`,
          ).test(text)
        )
          this.unmailed.delete(name);
    for (const { text } of sandbox.mails.slice(since))
      for (const name of NAMES) {
        const isIn = (section: string): boolean =>
          new RegExp(`${section}(?:(?!\n\n)[^])*\\b${name}\\b`).test(text);
        const add = (to: Map<string, number[]>): unknown =>
          to.set(name, [...(to.get(name) ?? []), sandbox.now]);
        if (isIn('LOSES ACCESS NEXT')) add(this.announced);
        if (isIn('LOSES ACCESS NEXT') || isIn('NOT DONE')) add(this.named);
      }
  }

  private license(name: string): 'in force' | 'ended' | 'unknown' {
    const end = this.paid.get(name);
    if (end === undefined) return this.passed.has(name) ? 'ended' : 'unknown';
    if (end === 'never') return 'unknown';
    return end >= this.today ? 'in force' : 'ended';
  }

  private check(before: ReadonlyMap<string, Watch>, asked: Asked = {}): void {
    const shrunk = this.hasShrunk();
    for (const name of NAMES) {
      const license = this.license(name);
      if (license === 'ended') this.passed.add(name);
      if (license === 'in force') this.passed.delete(name);
    }
    const now = new Map(this.listed.map((token) => [token.id, token]));
    const changed = new Set<string>();
    for (const [id, was] of before) {
      const is = now.get(id);
      this.expect(is !== undefined || !was.enabled, `${was.label} was deleted while it was active`);
      if (is?.enabled === was.enabled) continue;
      this.unmailed.add(was.label);
      const isCounted =
        is?.enabled === true
          ? this.checkSwitchedOn(id, was)
          : this.checkWithdrawal(id, was, { asked, shrunk });
      if (isCounted) changed.add(was.label);
    }
    this.checkCaps(changed);
  }

  private checkSwitchedOn(id: string, { label }: Watch): false {
    this.expect(this.offByAudit.has(id), `${label} was switched on, and it was people who switched it off`);
    // A label written by hand counts as the name that was meant: that deployment has renewed.
    this.expect(
      this.license(nameMeantBy(label)) === 'in force',
      `${label} was switched on without a license in force`,
    );
    this.offByAudit.delete(id);
    this.offByRun.delete(id);
    return false;
  }

  /** Whether the caps count it. */
  private checkWithdrawal(
    id: string,
    was: Watch,
    { asked: { isReview = false, approved }, shrunk }: { readonly asked: Asked; readonly shrunk: boolean },
  ): boolean {
    const { label } = was;
    const isApproved = approved?.has(label) === true;
    this.expect(!isReview, `${label} lost a token by a review`);
    this.expect(approved === undefined || isApproved, `${label} lost a token in a run that approves others`);
    this.expect(!shrunk || isApproved, `${label} lost a token although the list had shrunk`);
    this.expect(this.sandbox.bucket.text(OBJECTS.hold) === undefined, `${label} lost a token under HOLD`);
    this.expect(!this.isExempt(label), `${label} lost a token although it is exempt`);
    const isCounted = was.enabled ? this.checkSwitchedOff(id, was, isApproved) : this.checkDeleted(id, was);
    return isCounted && !isApproved;
  }

  private checkSwitchedOff(id: string, { label, overlapOver }: Watch, isApproved: boolean): boolean {
    const { now } = this.sandbox;
    this.offByAudit.set(id, now);
    if (overlapOver) {
      this.expect(
        this.license(label) !== 'in force' || this.isOn(label),
        `${label} has paid, and the token that it was to have in place of its old one does not work`,
      );
      this.offAsReplaced.add(id);
      return false;
    }
    this.expect(this.license(label) === 'ended', `${label} was switched off without an ended license`);
    this.expect(this.hasNotice(label, isApproved), `${label} was switched off without notice`);
    this.expect(
      now - (this.onByPeople.get(id) ?? 0) >= LEFT_ALONE,
      `${label} was switched off within a week of people's switching it on`,
    );
    return true;
  }

  private checkDeleted(id: string, { label }: Watch): boolean {
    const off = this.offByAudit.get(id);
    const isOverlap = off === undefined || this.sandbox.now - off < 90 * DAY;
    // An inactive token may also go because a regenerated one replaced it: then that one is there.
    const successor = this.listed.some((token) => token.label === label && token.id !== id);
    this.expect(!isOverlap || successor, `${label} was deleted too early`);
    // What a regenerated one replaced is not counted by the caps.
    return !isOverlap && !successor;
  }

  private checkCaps(changed: ReadonlySet<string>): void {
    const { now } = this.sandbox;
    this.withdrawn = this.withdrawn.filter(({ at }) => now - at < 20 * HOUR);
    this.withdrawals += changed.size;
    for (const deployment of changed) this.withdrawn.push({ deployment, at: now });
    const distinct = new Set(this.withdrawn.map(({ deployment }) => deployment)).size;
    this.expect(distinct <= MOST_WITHDRAWN, `${distinct} deployments lost their access within 20 hours`);
  }

  private isOn(name: string): boolean {
    return this.sandbox.isOn(name);
  }

  /** The rows that can be read, with their ends. */
  private rows(): ReadonlyMap<string, string> {
    return new Map([...this.paid, ...this.misspelt].filter(([, end]) => end !== 'never'));
  }

  /** Whether the list lost more than a fifth and more than 2 of its rows, whatever it may be compared with. */
  private hasShrunk(): boolean {
    const now = this.rows();
    return this.isMeasured && this.measures.every((before) => hasLost(before, now));
  }

  /** A night may have taken the list as it is for what the next ones compare with; a whole one has, and an approval does. */
  private measure(isWhole: boolean, isApproval = false): void {
    const now = this.rows();
    if (this.hasShrunk() && !isApproval) return;
    this.isMeasured ||= isWhole;
    const isSure = isWhole && (isApproval || !this.measures.some((before) => hasLost(before, now)));
    this.measures = isSure ? [now] : [...this.measures, now];
  }

  private hasNotice(name: string, isApproved = false): boolean {
    return ((isApproved ? this.named : this.announced).get(name) ?? []).some(
      (at) => this.sandbox.now - at >= 20 * HOUR,
    );
  }

  private expect(holds: boolean, broken: string): void {
    if (!holds) throw new Broken(`${broken} (night ${this.nights}, ${this.today})`);
  }

  /** Docker Hub's tokens, oldest first. */
  private get listed(): LifeState['tokens'] {
    return this.sandbox.tokens.all.toReversed().map(({ uuid, token_label, is_active }) => ({
      id: uuid,
      label: token_label ?? '',
      enabled: is_active === true,
    }));
  }

  /** What there is to compare: who can pull, and whose content Vault holds. */
  get state(): LifeState {
    const { sandbox } = this;
    return {
      tokens: this.listed,
      keys: sandbox.keys.names.sort().map((name) => [name, sandbox.holder(name)]),
    };
  }

  /** The {@link state} with numbers in the order of creation for ids: the same in all sandboxes in which the same happened. */
  get shape(): unknown {
    const { tokens, keys } = this.state;
    const number = (id: string | undefined): number => tokens.findIndex((token) => token.id === id);
    return {
      tokens: tokens.map(({ label, enabled }) => ({ label, enabled })),
      keys: keys.map(([name, holder]) => [name, number(holder)]),
    };
  }
}
