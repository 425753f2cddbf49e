import * as v from 'valibot';
import { DAY } from '../core/days.ts';
import type { Ledger } from '../core/ledger.ts';
import { issueResultSchema, type IssueResult } from './result.ts';

/** Lambda delivers a request again within hours, if at all. */
const KEPT = DAY;

/** The answer that was given to the same request before: one request delivered twice does not make two tokens. */
export function answered(ledger: Ledger, requestId: string): IssueResult | undefined {
  const found = ledger.answered.find((answer) => answer.requestId === requestId);
  if (requestId === '' || found === undefined) return undefined;
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), issueResultSchema), found.result);
  return parsed.success ? parsed.output : undefined;
}

/** Remembers an answer for a day. */
export function rememberAnswer(ledger: Ledger, requestId: string, at: string, result: IssueResult): Ledger {
  if (requestId === '') return ledger;
  const kept = ledger.answered.filter((answer) => Date.parse(at) - Date.parse(answer.at) < KEPT);
  return { ...ledger, answered: [...kept, { requestId, at, result: JSON.stringify(result) }] };
}
