// Where a mail sends people to look: the report's page, and the record of who called.

/** Where reports are: `s3://name`, or the folder of a run from a shell; with the topic, which has the bucket's region. */
export interface ReportPlace {
  readonly location: string;
  readonly topicArn: string;
}

/** Domains of the console in the partitions of AWS that have one of their own. */
const CONSOLES: ReadonlyMap<string, string> = new Map([
  ['aws-us-gov', 'console.amazonaws-us-gov.com'],
  ['aws-cn', 'console.amazonaws.cn'],
]);

/** The link that opens a report's page in the AWS console; of a report in a folder, its path. */
export function reportLink({ location, topicArn }: ReportPlace, report: string): string {
  const page = report.replace(/\.json$/, '.html');
  const [, partition = '', , region = ''] = topicArn.split(':');
  const host = CONSOLES.get(partition) ?? 'console.aws.amazon.com';
  if (!location.startsWith('s3://')) return `${location}/${page}`;
  const bucket = location.slice('s3://'.length);
  return region === ''
    ? `https://${host}/s3/object/${bucket}?prefix=${page}`
    : `https://${region}.${host}/s3/object/${bucket}?region=${region}&prefix=${page}`;
}

/** The log group of the trail that the stacks make. */
export const trailLogGroup = (name: string): string => `/aws/cloudtrail/${name}`;

/** Where stands who really called: what a caller writes into an event nobody has verified. A sentence. */
export function whoCalledText({ name, trail }: { readonly name: string; readonly trail: boolean }): string {
  return trail
    ? `Who really called: CloudTrail, log group ${trailLogGroup(name)} (runbook: Who called).`
    : 'Who really called: CloudTrail, if a trail keeps it ("trail" in cdk.json).';
}
