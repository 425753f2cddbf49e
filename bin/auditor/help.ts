// The command line's help; what it says of the settings is made from their one table.
import { ENV, aboutSetting, settingNames, settingSchemas } from '../../lambdas/runtime/settings.ts';

/** The commands of the command line. */
export const COMMANDS = ['audit', 'issue', 'revoke', 'restore', 'simulate'] as const;
export type Command = (typeof COMMANDS)[number];

const settingLines = settingNames.map((name) => {
  const { type, meaning } = aboutSetting(settingSchemas[name]);
  return `  ${ENV[name].padEnd(22)} ${meaning} (${type.replaceAll('|', 'or')})`;
});

const WHERE = `Where the files are (one of the two):
  --bucket NAME      the bucket with licenses.csv, exemptions.csv, HOLD and the ledger (or BUCKET)
  --licenses FILE    the license list, and
  --state DIR        a folder for everything else; against anything but this machine always a dry run

The systems and settings come from the environment, as the functions have them. VAULT_TOKEN may stand in place of the
login. Defaults are in the README's table; lists have commas, WARN_DAYS=30,14,7,1; null is DELETE_AFTER_DAYS=never.
${settingLines.join('\n')}

  --json             print the result as JSON, for programs
Exit code 0 when it worked, 1 when it failed, 2 for wrong usage.`;

const HELP: Readonly<Record<Command, string>> = {
  audit: `npm run auditor -- audit [options]

Reconciles Docker Hub's tokens with Vault's keys and the license list, once, now.
Begin with a dry run: it changes nothing and says what would be done.

  --dry-run          change nothing, send no mail, write nothing but the report
  --as-of DAY        judge as at noon of that day (YYYY-MM-DD); implies --dry-run
  --verify-all       check the content of every key, not only this night's share
  --catch-up         do nothing if this day already had an undisturbed run
  --approve NAME     withdraw exactly this one over the caps; may be repeated
  --report FILE      also write the report to FILE (.html for people, else JSON)

${WHERE}`,
  issue: `npm run auditor -- issue DEPLOYMENT [options]

Makes the deployment's token, proves that it can pull, and stores it in Vault. The content is never shown.

  --regenerate         make a new token although one is there
  --overlap-hours N    hours that replaced tokens keep working (0 to 720, default 72)
  --rename-to NAME     give token and key this name; the content stays
  --allow-unlicensed   issue although no license is in force; wants --reason
  --create-secret      make the secret in Vault where there is none
  --no-verify-pull     leave the pull check out
  --reason TEXT, --requested-by NAME

${WHERE}`,
  revoke: `npm run auditor -- revoke DEPLOYMENT --reason TEXT [options]

Switches the deployment's tokens off. The audit never switches them on again by itself.

  --token-id ID        only this one of its tokens
  --delete             delete token and key for good; wants --confirm DEPLOYMENT
  --confirm NAME       the deployment's name once more
  --requested-by NAME

${WHERE}`,
  restore: `npm run auditor -- restore DEPLOYMENT [options]

Switches the deployment's tokens on again. The audit leaves them alone for 7 days.

  --token-id ID        only this one of its tokens
  --reason TEXT, --requested-by NAME

${WHERE}`,
  simulate: `npm run auditor -- simulate --until DAY [options]

Plays the coming nights on what is there now, as if nobody renewed and nobody switched anything, and prints what will
be announced, switched off and deleted when. Changes nothing.

  --until DAY        the last day that is played (YYYY-MM-DD)

${WHERE}`,
};

/** The help of one command, or of all. */
export function helpOf(command: Command | undefined): string {
  if (command !== undefined) return HELP[command];
  return `npm run auditor -- <command> [options]

  audit      reconcile Docker Hub, Vault and the license list; --dry-run changes nothing
  issue      make, regenerate or rename a deployment's token
  revoke     switch a deployment's tokens off, or delete them
  restore    switch them on again
  simulate   print what the coming nights will do

npm run auditor -- <command> --help says more.

${WHERE}`;
}
