import type { AudioTrack } from '../../../../actors/content/content.types.js';
import { AUDIO_TRACK_DEFAULTS } from '../../../../actors/content/defaults.js';
import type { Call } from '../http/ask.js';
import { bool, choice, float, id, ids, lower } from '../http/codecs.js';
import { clears, type Inputs, input, required } from '../http/inputs.js';
import { badField } from '../http/refusal.js';
import { by, callsOf, type Filter, type Resource } from '../http/resource.js';
import type { Services } from '../services.js';

const seconds = float(0, 86_400);
const volume = float(0, 10);
const pan = float(-1, 1);
const PRIORITIES = ['highest', 'normal', 'neutral', 'lowest', 'discard'] as const;

const INPUTS: Inputs<AudioTrack> = {
  projectId: input(['project_id', 'project'], id, required),
  minVolume: input('minvolume', volume),
  maxVolume: input('maxvolume', volume),
  minDurationS: input('minduration', seconds),
  maxDurationS: input('maxduration', seconds),
  minDeadAirS: input('mindeadair', seconds),
  maxDeadAirS: input('maxdeadair', seconds),
  minFadeInS: input('minfadeintime', seconds),
  maxFadeInS: input('maxfadeintime', seconds),
  minFadeOutS: input('minfadeouttime', seconds),
  maxFadeOutS: input('maxfadeouttime', seconds),
  minPan: input('minpanpos', pan),
  maxPan: input('maxpanpos', pan),
  minPanDurationS: input('minpanduration', seconds),
  maxPanDurationS: input('maxpanduration', seconds),
  repeatRecordings: input('repeatrecordings', bool),
  tagIds: input(['tag_filters', 'tag_filter_ids'], ids, clears),
  active: input('active', bool),
  startWithSilence: input('start_with_silence', bool),
  bannedS: input('banned_duration', float(0, 31_536_000)),
  fadeOutWhenFiltered: input('fadeout_when_filtered', bool),
  timedPriority: input('timed_asset_priority', choice(PRIORITIES, lower)),
};

const PAIRS = [
  ['minVolume', 'maxVolume', 'minvolume'],
  ['minDurationS', 'maxDurationS', 'minduration'],
  ['minDeadAirS', 'maxDeadAirS', 'mindeadair'],
  ['minFadeInS', 'maxFadeInS', 'minfadeintime'],
  ['minFadeOutS', 'maxFadeOutS', 'minfadeouttime'],
  ['minPan', 'maxPan', 'minpanpos'],
  ['minPanDurationS', 'maxPanDurationS', 'minpanduration'],
] as const;

/** A range is turned round by nobody: the lower end that is above the upper one is a mistake. */
function ranges(row: Pick<AudioTrack, (typeof PAIRS)[number][0 | 1]>): void {
  for (const [min, max, name] of PAIRS) {
    if (row[min] > row[max])
      throw badField(name, `It must not be above ${name.replace('min', 'max')}.`);
  }
}

function bounds(name: string, field: keyof AudioTrack): readonly Filter<AudioTrack>[] {
  return [
    by<AudioTrack, number>(`${name}__lte`, float(), field, '<='),
    by<AudioTrack, number>(`${name}__gte`, float(), field, '>='),
  ];
}

/** Times are seconds. */
export const showTrack = (row: AudioTrack): object => ({
  id: row.id,
  project_id: row.projectId,
  minvolume: row.minVolume,
  maxvolume: row.maxVolume,
  minduration: row.minDurationS,
  maxduration: row.maxDurationS,
  mindeadair: row.minDeadAirS,
  maxdeadair: row.maxDeadAirS,
  minfadeintime: row.minFadeInS,
  maxfadeintime: row.maxFadeInS,
  minfadeouttime: row.minFadeOutS,
  maxfadeouttime: row.maxFadeOutS,
  minpanpos: row.minPan,
  maxpanpos: row.maxPan,
  minpanduration: row.minPanDurationS,
  maxpanduration: row.maxPanDurationS,
  repeatrecordings: row.repeatRecordings,
  tag_filters: row.tagIds,
  active: row.active,
  start_with_silence: row.startWithSilence,
  banned_duration: Math.round(row.bannedS),
  fadeout_when_filtered: row.fadeOutWhenFiltered,
  timed_asset_priority: row.timedPriority,
});

export function audioTrackCalls({ content }: Services): readonly Call[] {
  const resource: Resource<AudioTrack> = {
    path: 'audiotracks',
    table: content.audioTracks,
    read: 'any',
    write: 'staff',
    inputs: INPUTS,
    filters: [
      by<AudioTrack, number>(['project_id', 'project'], id, 'projectId'),
      by<AudioTrack, boolean>('active', bool, 'active'),
      by<AudioTrack, boolean>('repeatrecordings', bool, 'repeatRecordings'),
      by<AudioTrack, boolean>('start_with_silence', bool, 'startWithSilence'),
      by<AudioTrack, boolean>('fadeout_when_filtered', bool, 'fadeOutWhenFiltered'),
      ...bounds('minduration', 'minDurationS'),
      ...bounds('maxduration', 'maxDurationS'),
      ...bounds('mindeadair', 'minDeadAirS'),
      ...bounds('maxdeadair', 'maxDeadAirS'),
    ],
    show: (rows) => Promise.resolve(rows.map(showTrack)),
    fresh: (values) => {
      const row = { projectId: 0, ...AUDIO_TRACK_DEFAULTS, ...values };
      ranges(row);
      return Promise.resolve(row);
    },
    change: (values, before) => {
      ranges({ ...before, ...values });
      return Promise.resolve(values);
    },
  };
  return callsOf(resource);
}
