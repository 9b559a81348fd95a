import type { Call } from './http/ask.js';
import { assetCalls } from './resources/assets.js';
import { audioTrackCalls } from './resources/audiotracks.js';
import { envelopeCalls } from './resources/envelopes.js';
import { eventCalls } from './resources/events.js';
import { languageCalls } from './resources/languages.js';
import { listenEventCalls } from './resources/listen-events.js';
import { projectGroupCalls } from './resources/project-groups.js';
import { projectCalls } from './resources/projects.js';
import { sessionCalls } from './resources/sessions.js';
import { speakerCalls } from './resources/speakers.js';
import { streamCalls } from './resources/streams.js';
import { tagCalls } from './resources/tags.js';
import { timedAssetCalls } from './resources/timed-assets.js';
import { uiElementCalls } from './resources/ui-elements.js';
import { uiGroupCalls } from './resources/ui-groups.js';
import { userCalls } from './resources/users.js';
import { voteCalls } from './resources/votes.js';
import type { Services } from './services.js';

/** Every call of the API. */
export function allCalls(services: Services): readonly Call[] {
  return [
    userCalls,
    sessionCalls,
    projectCalls,
    projectGroupCalls,
    speakerCalls,
    audioTrackCalls,
    assetCalls,
    envelopeCalls,
    tagCalls,
    uiGroupCalls,
    uiElementCalls,
    languageCalls,
    timedAssetCalls,
    eventCalls,
    listenEventCalls,
    voteCalls,
    streamCalls,
  ].flatMap((calls) => calls(services));
}
