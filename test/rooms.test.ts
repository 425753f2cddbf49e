// The rooms of the house: which folder may import which.

import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/** From the ground up: a room imports from those before it. Rooms of one row know nothing of each other. */
const ROOMS: readonly (readonly string[])[] = [
  ['lambdas/errors.ts'],
  ['lambdas/text/'],
  ['lambdas/domain/'],
  ['lambdas/report/'],
  ['lambdas/mail/'],
  ['lambdas/clients/'],
  ['lambdas/ledger/'],
  ['lambdas/runtime/'],
  ['lambdas/audit/', 'lambdas/issue/', 'lambdas/revoke/'],
  ['lib/'],
  ['bin/'],
];

const isIn = (file: string, room: string): boolean => file.startsWith(room);
const floorOf = (file: string): number => ROOMS.findIndex((rooms) => rooms.some((room) => isIn(file, room)));
const roomOf = (file: string): string | undefined => ROOMS.flat().find((room) => isIn(file, room));

interface Arrow {
  readonly from: string;
  readonly to: string;
}

/** Every import of a file of ours, types as well, by TypeScript's own reading of it. */
function arrowsOf(from: string, text: string): Arrow[] {
  return ts
    .preProcessFile(text, true, true)
    .importedFiles.filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) => ({ from, to: normalize(join(dirname(from), fileName)) }));
}

/** Arrows that go up, or across between rooms of one floor. */
function forbidden(arrows: readonly Arrow[]): string[] {
  return arrows
    .filter(
      ({ from, to }) =>
        floorOf(to) > floorOf(from) || (floorOf(to) === floorOf(from) && roomOf(to) !== roomOf(from)),
    )
    .map(({ from, to }) => `${from} imports ${to}`);
}

const files = ['lambdas', 'lib', 'bin'].flatMap((folder) => globSync(`${folder}/**/*.ts`));

describe('the rooms', () => {
  it('hold every source file', () => {
    expect(files.length).toBeGreaterThan(100);
    expect(files.filter((file) => floorOf(file) < 0)).toEqual([]);
  });

  it('import only from rooms below them', () => {
    expect(forbidden(files.flatMap((file) => arrowsOf(file, readFileSync(file, 'utf8'))))).toEqual([]);
  });

  it.each([
    ['lambdas/text/display.ts', '../domain/days.ts', 'an arrow up'],
    ['lambdas/domain/snapshot.ts', '../runtime/settings.ts', 'an arrow up for a type'],
    ['lambdas/issue/issue.ts', '../revoke/revoke.ts', 'an arrow across'],
    ['lambdas/audit/audit.ts', '../../bin/auditor/run.ts', 'an arrow to the entry points'],
  ])('would show %s importing %s: %s', (from, specifier) => {
    expect(forbidden(arrowsOf(from, `import type { Thing } from '${specifier}';`))).toHaveLength(1);
  });

  it('let a file import from its own room and from those below', () => {
    const arrows = [
      ...arrowsOf('lambdas/mail/news.ts', "import { a } from './layout.ts';"),
      ...arrowsOf('lambdas/mail/news.ts', "import { a } from '../domain/days.ts';"),
      ...arrowsOf('lib/config.ts', "import { a } from '../lambdas/runtime/settings.ts';"),
    ];
    expect(forbidden(arrows)).toEqual([]);
  });
});
