import { REGION } from './moto.ts';

/** Reads from an emulator by the APIs for which the project has no client. It checks no signature, so none is made. */
export interface Look {
  /** A REST API's JSON (Lambda, Scheduler). */
  rest(service: string, path: string): Promise<unknown>;
  /** A JSON API by its target (CloudWatch). */
  json(service: string, target: string, input: object): Promise<unknown>;
  /** A query API's XML (IAM). */
  query(service: string, version: string, input: Readonly<Record<string, string>>): Promise<string>;
}

/** Makes the reader for an emulator's address. */
export function makeLook(url: string): Look {
  const headers = (service: string) => ({
    authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${REGION}/${service}/aws4_request, SignedHeaders=host, Signature=0`,
  });
  const asked = async (answer: Response): Promise<Response> => {
    if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}: ${await answer.text()}`);
    return answer;
  };
  return {
    rest: async (service, path) =>
      (await asked(await fetch(`${url}${path}`, { headers: headers(service) }))).json(),
    json: async (service, target, input) =>
      (
        await asked(
          await fetch(url, {
            method: 'POST',
            headers: {
              ...headers(service),
              'content-type': 'application/x-amz-json-1.0',
              'x-amz-target': target,
            },
            body: JSON.stringify(input),
          }),
        )
      ).json(),
    query: async (service, version, input) =>
      (
        await asked(
          await fetch(url, {
            method: 'POST',
            headers: headers(service),
            body: new URLSearchParams({ ...input, Version: version }),
          }),
        )
      ).text(),
  };
}

/** All contents of an element in an XML answer. */
export function elements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, text = '']) =>
    text.replaceAll('&quot;', '"').replaceAll('&amp;', '&').replaceAll('&lt;', '<').replaceAll('&gt;', '>'),
  );
}
