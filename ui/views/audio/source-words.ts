import type { SpeakerRow } from '../../../api/contract/rows.js';
import type { Speaker } from '../../data/content.js';
import type { StateWord } from '../../data/states.js';

/** How a speaker's source is, for somebody who looks at the map. */
export function sourceWord(
  speaker: Pick<Speaker, 'active' | 'mediaId' | 'uri'>,
  live: Pick<SpeakerRow, 'state'> | undefined,
): StateWord {
  if (!speaker.active) return { tone: 'off', word: 'Switched off' };
  if (speaker.mediaId === null && speaker.uri === '')
    return { tone: 'attention', word: 'No source: silent' };
  switch (live?.state) {
    case 'ok':
      return { tone: 'good', word: 'Sounds' };
    case 'backup':
      return { tone: 'attention', word: 'On its backup' };
    case 'silent':
      return { tone: 'critical', word: 'Source is away' };
    case 'off':
      return { tone: 'off', word: 'Off' };
    default:
      return { tone: 'off', word: 'Nobody near' };
  }
}
