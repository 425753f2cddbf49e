import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { auditEventSchema, isDry } from '../../lambdas/audit/event.ts';
import { deploymentOf, issueEventSchema } from '../../lambdas/issue/event.ts';
import { revokeEventSchema } from '../../lambdas/revoke/event.ts';
import { parseEvent } from '../../lambdas/runtime/parse-event.ts';
import { endOfNextMonth, testEvents } from '../../lib/test-events.ts';
import { templatesOf } from './stacks.ts';

const { audit, issue } = templatesOf({});
const documentSchema = v.object({
  openapi: v.literal('3.0.0'),
  info: v.object({ version: v.string(), title: v.string() }),
  paths: v.strictObject({}),
  components: v.object({
    schemas: v.object({ Event: v.object({ type: v.literal('object') }) }),
    examples: v.record(v.string(), v.strictObject({ value: v.record(v.string(), v.unknown()) })),
  }),
});
const schemas = [...audit.all('EventSchemas::Schema'), ...issue.all('EventSchemas::Schema')];
const examplesOf = (kind: string) => {
  const found = schemas.find(
    ({ properties }) => properties['SchemaName'] === `_hub-token-auditor-${kind}-schema`,
  );
  return v.parse(documentSchema, JSON.parse(String(found?.properties['Content']))).components.examples;
};

describe('The console’s test events', () => {
  it('stand in the console’s registry under each function’s name, as OpenAPI 3 with examples', () => {
    for (const { properties } of schemas)
      expect(properties).toMatchObject({ RegistryName: 'lambda-testevent-schemas', Type: 'OpenApi3' });
    expect(Object.keys(examplesOf('audit'))).toEqual(['Dry-run', 'As-of-end-of-next-month']);
    expect(Object.keys(examplesOf('issue'))).toEqual(['Issue', 'Regenerate']);
    expect(Object.keys(examplesOf('revoke'))).toEqual(['Revoke', 'Restore']);
  });

  it('have names that console and OpenAPI accept', () => {
    for (const kind of ['audit', 'issue', 'revoke'])
      for (const name of Object.keys(examplesOf(kind))) expect(name).toMatch(/^[A-Za-z0-9._-]{1,25}$/);
  });

  it('are accepted by the functions as they stand', () => {
    for (const { value } of Object.values(examplesOf('audit')))
      expect(isDry(parseEvent(auditEventSchema, value))).toBe(true);
    for (const { value } of Object.values(examplesOf('issue')))
      expect(deploymentOf(parseEvent(issueEventSchema, value))).toBe('example-xx');
    for (const { value } of Object.values(examplesOf('revoke')))
      expect(parseEvent(revokeEventSchema, value).deployment).toBe('example-xx');
  });

  it('destroy nothing as they stand: none overrides a license, deletes or changes without a name put in', () => {
    for (const { value } of [...Object.values(examplesOf('issue')), ...Object.values(examplesOf('revoke'))]) {
      expect(value).not.toHaveProperty('allowUnlicensed');
      expect(value).not.toHaveProperty('delete');
      expect(value['deployment']).toBe('example-xx');
    }
  });

  it('judge as of the last day of the month after deployment', () => {
    expect(endOfNextMonth('2026-11-24')).toBe('2026-12-31');
    expect(endOfNextMonth('2026-12-31')).toBe('2027-01-31');
    expect(endOfNextMonth('2028-01-31')).toBe('2028-02-29');
    expect(testEvents('2026-11-24').audit['As-of-end-of-next-month']).toEqual({ asOf: '2026-12-31' });
  });
});

describe('A region that knows no test events', () => {
  it.each([
    ['by configuration', { aws: { region: 'il-central-1' } }, undefined],
    ['by the login at deployment', {}, 'ap-south-2'],
  ])('is deployed without them (%s)', (_, config, region) => {
    const stacks = templatesOf(config, { deployRegion: region });
    for (const stack of [stacks.audit, stacks.issue]) {
      expect(stack.text).not.toContain('AWS::EventSchemas');
      expect(stack.text).not.toContain('schemas:');
    }
  });

  it('is no other: what is configured counts before the login', () => {
    const stacks = templatesOf({ aws: { region: 'eu-west-1' } }, { deployRegion: 'ap-south-2' });
    expect(stacks.audit.all('EventSchemas::Schema')).toHaveLength(1);
  });
});

describe('The registry of test events', () => {
  const calls = [audit, issue].flatMap((stack) =>
    stack.resources
      .filter(({ id, type }) => type === 'Custom::AWS' && id.startsWith('EventRegistry'))
      .map((resource) => ({ stack, resource })),
  );

  it('is asked for and not declared, so that one which is there already is as good', () => {
    expect(calls).toHaveLength(2);
    for (const { stack, resource } of calls) {
      expect(JSON.parse(String(resource.properties['Create']))).toMatchObject({
        service: 'schemas',
        action: 'CreateRegistry',
        parameters: { RegistryName: 'lambda-testevent-schemas' },
        ignoreErrorCodesMatching: 'ConflictException',
      });
      expect(stack.all('EventSchemas::Registry')).toEqual([]);
    }
  });

  it('stays when the stack goes, because others keep their events in it', () => {
    for (const { resource } of calls) expect(resource.properties).not.toHaveProperty('Delete');
  });

  it('is there before the events', () => {
    for (const { stack, resource } of calls)
      for (const schema of stack.all('EventSchemas::Schema')) expect(schema.dependsOn).toContain(resource.id);
  });
});
