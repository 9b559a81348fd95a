import type { AnswerOf } from '../../api/client/calls.types.js';
import { call } from './api.js';
import type { Tone } from './states.js';

/** `deep`: media were opened and decoded, not only looked for. */
export type CheckReport = AnswerOf<'GET', '/v1/checks'>;
/** `what`: file, media or asset it is about; `done`: whether a repair did what `repair` says. */
export type CheckFinding = CheckReport['findings'][number];
type FindingKind = CheckFinding['kind'];

interface FindingWord {
  readonly title: string;
  readonly word: string;
  readonly why: string;
  readonly tone: Tone;
}

/** The worse comes first. */
export const FINDING_WORDS: Readonly<Record<FindingKind, FindingWord>> = {
  'missing-media': {
    title: 'Recordings without media',
    word: 'Media gone',
    why: 'The recording names media that the site no longer knows: it cannot be heard.',
    tone: 'critical',
  },
  'missing-file': {
    title: 'Missing files',
    word: 'File gone',
    why: 'The site knows the media, but its file is not on disk. Where the original is left, the file is made anew.',
    tone: 'critical',
  },
  unreadable: {
    title: 'Unreadable files',
    word: 'Unreadable',
    why: 'The file is there but holds no sound or picture that can be read; the disk may have failed while it was written.',
    tone: 'critical',
  },
  'unused-media': {
    title: 'Media that nothing uses',
    word: 'Unused',
    why: 'No recording and no speaker uses it. It only takes room.',
    tone: 'attention',
  },
  'unused-file': {
    title: 'Files that nothing uses',
    word: 'Unused',
    why: 'A file in the media folder that belongs to nothing. It only takes room.',
    tone: 'attention',
  },
};

/** Findings by kind, the worst kind first; kinds without any are left out. */
export function groupedFindings(
  findings: readonly CheckFinding[],
): readonly { readonly kind: FindingKind; readonly list: readonly CheckFinding[] }[] {
  return (Object.keys(FINDING_WORDS) as FindingKind[])
    .map((kind) => ({ kind, list: findings.filter((one) => one.kind === kind) }))
    .filter((one) => one.list.length > 0);
}

/** Reading every file takes as long as it takes. */
const HOUR_MS = 3_600_000;

/** Looks; changes nothing. */
export function runChecks(deep: boolean, signal: AbortSignal): Promise<CheckReport> {
  return call('GET', '/v1/checks', {
    query: { deep: String(deep) },
    signal,
    deadlineMs: HOUR_MS,
  });
}

export function repairChecks(deep: boolean, signal: AbortSignal): Promise<CheckReport> {
  return call('POST', '/v1/checks/repair', {
    body: { deep },
    signal,
    deadlineMs: HOUR_MS,
  });
}
