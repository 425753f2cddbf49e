// The help of the command line: all commands, and each of them.

import { ENV, aboutSetting, settingNames, settingSchemas } from '../../lambdas/runtime/settings.ts';
import type { Command } from './arguments.ts';
import { type Program, wrapLine } from './words.ts';

const settingLines = settingNames.map((name) => {
  const { type, meaning } = aboutSetting(settingSchemas[name]);
  return `  ${ENV[name].padEnd(23)} ${meaning} (${type.replaceAll('|', 'or')})`;
});

const WHERE = `Where the files are (one of the two):
  --bucket NAME      the bucket with licenses.csv, exemptions.csv, HOLD and the ledger (or BUCKET)
  --licenses FILE    the license list, and
  --state DIR        a folder for everything else; against anything but this machine always a dry run

The systems and settings come from the environment, as the functions have them. VAULT_TOKEN may stand in place of the \
login, and VAULT_CACERT names the PEM file of Vault's private certificate authority. HTTPS_PROXY is not honoured. \
Defaults are in docs/configuration.md; lists have commas, WARN_DAYS=30,14,7,1; null is DELETE_AFTER_DAYS=never.
${settingLines.join('\n')}

  --json             print the result as JSON, for programs
Exit code 0 when it worked, 1 when it failed, 2 for wrong usage.`;

interface CommandHelp {
  readonly usage: string;
  /** One line in the list of all commands. */
  readonly summary: string;
  readonly text: string;
}

const HELP: Readonly<Record<Command, CommandHelp>> = {
  audit: {
    usage: 'audit [options]',
    summary: 'reconcile Docker Hub, Vault and the license list; a dry run without --enforce',
    text: `Reconciles Docker Hub's tokens with Vault's keys and the license list, once, now.
Without --enforce this is a dry run: it changes nothing and says what would be done.

  --enforce          do it: withdraw, restore, mail, remember
  --dry-run          change nothing, send no mail, write nothing but the report (the default)
  --as-of DAY        decide as at noon of that day (YYYY-MM-DD); always a dry run
  --verify-all       check the content of every key, not only this night's share
  --approve NAME     withdraw exactly this one over the caps; may be repeated
  --accept-counts    withdraw nothing, and take the lists as they are now as the new measure; wants --reason
  --reason TEXT, --requested-by NAME   go with --approve and --accept-counts
  --catch-up         with --enforce: do nothing if this day already had an undisturbed run
  --review           with --enforce: what a changed list means; withdraws nothing
  --report FILE      also write the report to FILE (.html for people, else JSON)`,
  },
  issue: {
    usage: 'issue DEPLOYMENT [options]',
    summary: "make, regenerate or rename a deployment's token",
    text: `Makes the deployment's token, proves that it can pull, and stores it in Vault. The content is never shown.

  --regenerate         make a new token although one is there
  --overlap-hours N    hours that replaced tokens keep working (0 to 720, default 72)
  --rename-to NAME     give token and key this name; the content stays
  --allow-unlicensed   issue although no license is in force; wants --reason
  --allow-similar      issue beside a misnamed token that is probably this deployment's
  --create-secret      make the secret in Vault where there never was one
  --no-verify-pull     leave the pull check out
  --reason TEXT, --requested-by NAME`,
  },
  revoke: {
    usage: 'revoke DEPLOYMENT --reason TEXT [options]',
    summary: "switch a deployment's tokens off, or delete them",
    text: `Switches the deployment's tokens off. The audit never switches them on again by itself.

  --token-id ID        only this one of its tokens
  --delete             delete token and key for good; wants --confirm DEPLOYMENT
  --confirm NAME       the deployment's name once more
  --requested-by NAME`,
  },
  restore: {
    usage: 'restore DEPLOYMENT [options], or restore --run RUN --reason TEXT',
    summary: 'switch them on again',
    text: `Switches the deployment's tokens on again. The audit leaves them alone for 7 days.

  --token-id ID        only this one of its tokens
  --run RUN            in place of a deployment: whatever that run of the audit switched off for ended licenses
  --reason TEXT, --requested-by NAME`,
  },
  simulate: {
    usage: 'simulate --until DAY [options]',
    summary: 'print what the coming nights will do',
    text: `Plays the coming nights on what is there now, as if nobody renewed and nobody switched anything, and prints what will
be announced, switched off and deleted when. Changes nothing.

  --until DAY        the last day that is played (YYYY-MM-DD), from today on`,
  },
  check: {
    usage: 'check FILE [options]',
    summary: 'read a license list or exemptions on this machine, and say what a review would',
    text: `Reads a license list (or exemptions, where the file is called so) on this machine, and says of it what the mail
after its upload would, as far as files alone tell. Asks no system. TIME_ZONE, GRACE_DAYS and DATE_ORDER are as the
functions have them.

  --exemptions FILE  the exemptions beside the license list
  --licenses FILE    the license list beside the exemptions
  --state DIR        a folder with a copy of ledger.json: what changed since a night last read the lists`,
  },
  doctor: {
    usage: 'doctor [options]',
    summary: 'try every setting, system and right without changing anything',
    text: `Tries each setting, each system and each right, one line each: ok, or what to do. Changes nothing, sends nothing.
Run it before the first night, and whenever a night fails.`,
  },
};

/** Commands that ask no system, or few. */
const WITHOUT_SYSTEMS: ReadonlySet<Command> = new Set(['check']);

/** The help of one command, or of all, for a terminal so many columns wide. */
export function helpOf(command: Command | undefined, program: Program, columns: number): string {
  return textOf(command, program)
    .split('\n')
    .flatMap((line) => wrapHelpLine(line, columns))
    .join('\n');
}

/** The commands alone: what somebody needs who typed another one, on one screen. */
export function commandsOf(program: Program, columns: number): string {
  return commandLines(program)
    .flatMap((line) => wrapHelpLine(line, columns))
    .join('\n');
}

/** A line goes on under the column in which its explanation begins, if that leaves room to read. */
function wrapHelpLine(line: string, columns: number): string[] {
  const [, margin = '', rest = ''] = /^( *)(.*)$/.exec(line) ?? [];
  const start = margin === '' ? 0 : (/^\S.*?  +(?=\S)/.exec(rest)?.[0].length ?? 0);
  const width = columns - margin.length;
  return wrapLine(rest, width, ' '.repeat(start <= width / 2 ? start : 0)).map((part) =>
    `${margin}${part}`.trimEnd(),
  );
}

function textOf(command: Command | undefined, program: Program): string {
  if (command !== undefined) {
    const { usage, text } = HELP[command];
    return `${program} ${usage}\n\n${text}${WITHOUT_SYSTEMS.has(command) ? '' : `\n\n${WHERE}`}`;
  }
  return [...commandLines(program), '', WHERE].join('\n');
}

function commandLines(program: Program): string[] {
  return [
    `${program} <command> [options]`,
    '',
    ...Object.entries(HELP).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`),
    '  help       all of it, or help <command>',
    '  --version  which version this is',
  ];
}
