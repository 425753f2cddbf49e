// SNS and SQS by an emulator, with a record of what was published.
import { buildApp } from 'fauxqs';
import type { SandboxAnswer, SandboxRequest } from './faults.ts';
import { type JsonObject, isObject, jsonObject } from './json.ts';

/** One publication, in full. */
export interface Published {
  readonly topicArn: string;
  readonly subject: string;
  /** By protocol where the message was structured; else all under `default`. */
  readonly messages: ReadonlyMap<string, string>;
  readonly structured: boolean;
  readonly attributes: ReadonlyMap<string, string>;
  /** By the sandbox's clock, milliseconds since 1970. */
  readonly at: number;
  /** Whether anybody was subscribed at that moment: publishing to nobody succeeds silently. */
  readonly heard: boolean;
}

/** SNS and SQS by an emulator that others wrote, with what it lacks: a record, and SNS's own checks of a message. */
export interface Topics {
  readonly topicArn: string;
  readonly published: Published[];
  serve(request: SandboxRequest): Promise<SandboxAnswer>;
  /** Whether the queue is subscribed. */
  isSubscribed(): boolean;
  /** Subscribes a queue to the topic, or takes its subscription away. */
  setSubscribed(subscribed: boolean): Promise<void>;
  /** What the subscribed queue received, oldest first; each only once. */
  received(): Promise<JsonObject[]>;
  close(): Promise<void>;
}

const ACCOUNT = '000000000000';
const QUEUE = 'support';
const LONGEST_MESSAGE = 262_144;
const LONGEST_SUBJECT = 100;

function refusal(message: string): SandboxAnswer {
  return {
    status: 400,
    headers: { 'content-type': 'text/xml' },
    body: `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>InvalidParameter</Code><Message>Invalid parameter: ${message}</Message></Error><RequestId>0</RequestId></ErrorResponse>`,
  };
}

/** The texts of a message by protocol; `undefined` where a structured one is not as SNS wants it. */
function messagesOf(form: URLSearchParams): ReadonlyMap<string, string> | undefined {
  const message = form.get('Message') ?? '';
  if (form.get('MessageStructure') !== 'json') return new Map([['default', message]]);
  const entries = Object.entries(jsonObject(Buffer.from(message)) ?? {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  const messages = new Map(entries);
  return messages.has('default') ? messages : undefined;
}

function attributesOf(form: URLSearchParams): Map<string, string> {
  const attributes = new Map<string, string>();
  for (let index = 1; form.has(`MessageAttributes.entry.${index}.Name`); index++) {
    const field = (name: string): string => form.get(`MessageAttributes.entry.${index}.${name}`) ?? '';
    attributes.set(field('Name'), field('Value.StringValue'));
  }
  return attributes;
}

/** What SNS itself refuses, and the emulator does not. */
function mistakeOf(form: URLSearchParams): string | undefined {
  const subject = form.get('Subject');
  if (subject !== null && !/^[\x21-\x7e][\x20-\x7e]*$/.test(subject)) return 'Subject';
  if (subject !== null && subject.length >= LONGEST_SUBJECT)
    return 'Subject must be less than 100 characters long';
  if (Buffer.byteLength(form.get('Message') ?? '') > LONGEST_MESSAGE) return 'Message too long';
  return messagesOf(form) === undefined
    ? 'Message Structure - No default entry in JSON message body'
    : undefined;
}

/** Starts the emulator in this process, without a port of its own: requests reach it through the sandbox's server. */
export async function startTopics(options: {
  readonly name: string;
  readonly region: string;
  readonly now: () => number;
}): Promise<Topics> {
  const { name, region, now } = options;
  const app = buildApp({ logger: false, defaultRegion: region, host: 'localhost' });
  await app.ready();
  const published: Published[] = [];
  const topicArn = `arn:aws:sns:${region}:${ACCOUNT}:${name}`;
  const queueArn = `arn:aws:sqs:${region}:${ACCOUNT}:${QUEUE}`;
  const queueUrl = `http://localhost/${ACCOUNT}/${QUEUE}`;

  const send = async (
    headers: Readonly<Record<string, string>>,
    body: string | Buffer,
  ): Promise<SandboxAnswer> => {
    const { 'content-length': _length, 'transfer-encoding': _encoding, ...rest } = headers;
    const answer = await app.inject({ method: 'POST', url: '/', headers: rest, payload: body });
    const { 'content-type': type } = answer.headers;
    return {
      status: answer.statusCode,
      headers: { 'content-type': typeof type === 'string' ? type : 'text/xml' },
      body: answer.rawPayload,
    };
  };
  const sns = (form: Record<string, string>): Promise<SandboxAnswer> =>
    send(
      { 'content-type': 'application/x-www-form-urlencoded' },
      new URLSearchParams({ ...form, Version: '2010-03-31' }).toString(),
    );
  const sqs = async (action: string, body: JsonObject): Promise<JsonObject> => {
    const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${action}` };
    const answer = await send(headers, JSON.stringify(body));
    const parsed = Buffer.isBuffer(answer.body) ? jsonObject(answer.body) : undefined;
    if (answer.status !== 200 || parsed === undefined) throw new Error(`The emulated SQS refuses ${action}.`);
    return parsed;
  };

  let subscription: string | undefined;
  const setSubscribed = async (subscribed: boolean): Promise<void> => {
    if (subscribed && subscription === undefined) {
      const answer = await sns({
        Action: 'Subscribe',
        TopicArn: topicArn,
        Protocol: 'sqs',
        Endpoint: queueArn,
      });
      subscription = /<SubscriptionArn>([^<]+)</.exec(String(answer.body))?.[1];
      if (subscription === undefined) throw new Error('The emulated SNS refuses the subscription.');
    } else if (!subscribed && subscription !== undefined) {
      await sns({ Action: 'Unsubscribe', SubscriptionArn: subscription });
      subscription = undefined;
    }
  };

  const publish = async ({ headers }: SandboxRequest, form: URLSearchParams): Promise<SandboxAnswer> => {
    const mistake = mistakeOf(form);
    if (mistake !== undefined) return refusal(mistake);
    const messages = messagesOf(form) ?? new Map<string, string>();
    const structured = form.get('MessageStructure') === 'json';
    // The emulator hands a structured message on as it is; SNS gives each protocol its own text.
    if (structured) {
      form.set('Message', messages.get('sqs') ?? messages.get('default') ?? '');
      form.delete('MessageStructure');
    }
    const answer = await send(headers, form.toString());
    if (answer.status === 200)
      published.push({
        topicArn: form.get('TopicArn') ?? '',
        subject: form.get('Subject') ?? '',
        messages,
        structured,
        attributes: attributesOf(form),
        at: now(),
        heard: subscription !== undefined,
      });
    return answer;
  };

  await sns({ Action: 'CreateTopic', Name: name });
  await sqs('CreateQueue', { QueueName: QUEUE });
  await setSubscribed(true);
  return {
    topicArn,
    published,
    isSubscribed: () => subscription !== undefined,
    setSubscribed,
    serve: async (request) => {
      const form = new URLSearchParams(request.body.toString());
      return form.get('Action') === 'Publish' ? publish(request, form) : send(request.headers, request.body);
    },
    received: async () => {
      const all: JsonObject[] = [];
      for (;;) {
        const { Messages } = await sqs('ReceiveMessage', { QueueUrl: queueUrl, MaxNumberOfMessages: 10 });
        const batch: readonly unknown[] = Array.isArray(Messages) ? Messages : [];
        const messages = batch.filter((message) => isObject(message));
        if (messages.length === 0) return all;
        for (const { Body, ReceiptHandle } of messages) {
          all.push(jsonObject(Buffer.from(typeof Body === 'string' ? Body : '')) ?? {});
          await sqs('DeleteMessage', { QueueUrl: queueUrl, ReceiptHandle });
        }
      }
    },
    close: async () => {
      await app.close();
    },
  };
}
