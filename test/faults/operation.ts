// What an operation is, and what must be true of it whatever fails.
import type { ErrorName } from '../../lambdas/errors.ts';
import { type FaultSandbox, type Surroundings, inForce } from './fault-sandbox.ts';

/** One operation of the program, in a sandbox where it has something to do. */
export interface Operation {
  readonly name: string;
  /** The error that it ends with where nothing disturbs it. */
  readonly fails?: ErrorName;
  /** The deployments whose access it is asked to take away. */
  readonly takesFrom?: readonly string[];
  /** The systems that it is tried with, where they are not the usual ones. */
  readonly systems?: Surroundings;
  prepare(around: Surroundings): Promise<FaultSandbox>;
  run(sandbox: FaultSandbox): Promise<unknown>;
  /** Undisturbed, after a disturbed `run`: what a night or a person does next. */
  recover(sandbox: FaultSandbox): Promise<void>;
  /** What must be true after the recovery, whatever happened before; says what is not. */
  wanted(sandbox: FaultSandbox): string | undefined;
  /** What must be true at every moment; says what is not. */
  always?(sandbox: FaultSandbox): string | undefined;
}

/** A last day that no operation reaches. */
export const FAR = '2027-06-01';
/** Whoever else is there has paid, and must never notice anything. */
export const BYSTANDER = 'moov-bj';

const HOUR = 3_600_000;

/** The tokens of a label. */
export const labelled = (sandbox: FaultSandbox, label: string) => sandbox.dockerHub.tokens.labelled(label);

/** Whether a deployment has a token that can be used. */
export const isOn = (sandbox: FaultSandbox, label: string): boolean =>
  labelled(sandbox, label).some(({ is_active }) => is_active === true);

/** Whether a key holds the content of one of its label's tokens, and there is neither without the other. */
export function isWhole(sandbox: FaultSandbox, label: string): boolean {
  const key = sandbox.keys.get(label);
  const tokens = labelled(sandbox, label);
  return key === undefined ? tokens.length === 0 : tokens.some(({ content }) => content === key);
}

/** Whether a deployment can pull with what Vault holds for it. */
export const canPull = (sandbox: FaultSandbox, label: string): boolean =>
  labelled(sandbox, label).some(
    ({ content, is_active }) => is_active === true && content === sandbox.keys.get(label),
  );

/** The next call is a while later: a lease that a failure left is past. */
export async function later(sandbox: FaultSandbox, work: () => Promise<unknown>): Promise<void> {
  sandbox.clock.advance(16 * 60_000);
  await work();
}

/** For what a person tries again and is told that there is nothing left to do. */
export async function ignoring(work: Promise<unknown>): Promise<void> {
  await work.catch(() => undefined);
}

/** When each token that is off or gone was switched off or deleted, by what Docker Hub was asked. */
function withdrawnAt(sandbox: FaultSandbox): { readonly uuid: string; readonly at: number }[] {
  return sandbox.dockerHub.log.flatMap(({ method, path, body, at }) => {
    const uuid = path.slice(path.lastIndexOf('/') + 1);
    const isWithdrawal = method === 'DELETE' || (method === 'PATCH' && /"is_active":\s*false/.test(body));
    return isWithdrawal ? [{ uuid, at }] : [];
  });
}

/** Those whose license is in force and who could pull before, can pull still, with what Vault holds for them. */
export function harmed(
  sandbox: FaultSandbox,
  couldPull: readonly string[],
  { takesFrom = [] }: Operation,
): string | undefined {
  const paid = new Set(inForce(sandbox));
  const lost = couldPull.filter(
    (label) => paid.has(label) && !takesFrom.includes(label) && !canPull(sandbox, label),
  );
  return lost.length === 0 ? undefined : `${lost.join(', ')} lost the access`;
}

/** Nothing is withdrawn by an audit but what was announced at least 20 hours before, in the ledger or by a mail. */
export function unannounced(
  sandbox: FaultSandbox,
  noticed: ReadonlySet<string>,
  labels: ReadonlyMap<string, string>,
): string | undefined {
  const found = withdrawnAt(sandbox).find(({ uuid, at }) => {
    const label = labels.get(uuid) ?? '';
    return (
      !noticed.has(label) &&
      !sandbox.aws.published.some(
        (mail) =>
          mail.heard && at - mail.at >= 20 * HOUR && (mail.messages.get('email') ?? '').includes(label),
      )
    );
  });
  return found && `${labels.get(found.uuid) ?? found.uuid} was withdrawn without notice`;
}

/** No more than three deployments lose their access within 24 hours. */
export function overCaps(sandbox: FaultSandbox, labels: ReadonlyMap<string, string>): string | undefined {
  const withdrawn = withdrawnAt(sandbox);
  const most = Math.max(
    0,
    ...withdrawn.map(
      ({ at }) =>
        new Set(
          withdrawn
            .filter((other) => other.at <= at && at - other.at < 24 * HOUR)
            .map(({ uuid }) => labels.get(uuid) ?? uuid),
        ).size,
    ),
  );
  return most > 3 ? `${most} deployments lost their access within 24 hours` : undefined;
}
