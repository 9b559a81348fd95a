import type { Project } from '../../data/content.js';
import type { SpecGroup } from '../../data/form-spec.js';

/** All settings of a project, as they are explained to the person who sets them. */
export const PROJECT_GROUPS: readonly SpecGroup<Project>[] = [
  {
    title: 'Project',
    fields: [
      { kind: 'text', key: 'name', label: 'Name', maxLength: 50, required: true },
      {
        kind: 'text',
        key: 'owner',
        label: 'Owner',
        maxLength: 128,
        hint: 'Who answers for it; visitors may see this.',
      },
      {
        kind: 'number',
        key: 'latitude',
        label: 'Latitude',
        unit: '°',
        min: -90,
        max: 90,
        step: 0.001,
        hint: 'Middle of the site: where maps open.',
      },
      {
        kind: 'number',
        key: 'longitude',
        label: 'Longitude',
        unit: '°',
        min: -180,
        max: 180,
        step: 0.001,
      },
    ],
  },
  {
    title: 'Listening',
    fields: [
      {
        kind: 'toggle',
        key: 'listenEnabled',
        label: 'Open to listeners',
        hint: 'Off: nobody can listen; pages say that it is closed.',
      },
      {
        kind: 'toggle',
        key: 'geoListenEnabled',
        label: 'What is heard depends on the place',
        hint: 'Off: everything is near, and every speaker is at full volume.',
      },
      {
        kind: 'number',
        key: 'recordingRadiusM',
        label: 'Radius of a recording',
        unit: 'm',
        min: 0,
        max: 20_000_000,
        empty: '20 m',
        hint: 'From how far a recording without a radius of its own is heard.',
      },
      {
        kind: 'number',
        key: 'outOfRangeM',
        label: 'Out of range from',
        unit: 'm',
        min: 0,
        max: 20_000_000,
        hint: 'Farther than this from every speaker, a visitor is told to come nearer.',
      },
      {
        kind: 'choice',
        key: 'ordering',
        label: 'Which recording comes first',
        hint: 'Of those that are near and match the choices.',
        options: [
          { value: 'random', word: 'By chance' },
          { value: 'by_like', word: 'Most liked first' },
          { value: 'by_weight', word: 'Highest weight first' },
        ],
      },
      {
        kind: 'choice',
        key: 'repeatMode',
        label: 'When everything was heard',
        hint: 'A recording still waits out its pause before it is heard again.',
        options: [
          { value: 'stop', word: 'Be silent' },
          { value: 'continuous', word: 'Begin again' },
        ],
      },
      {
        kind: 'number',
        key: 'bannedS',
        label: 'Pause before a repeat',
        unit: 's',
        min: 0,
        max: 86_400,
        step: 10,
        hint: 'Least time before the same listener hears the same recording again.',
      },
      {
        kind: 'toggle',
        key: 'timedAssetFirst',
        label: 'Timeline before places',
        hint: 'What the timeline asks for is tried before what is near; else after it.',
      },
      {
        kind: 'toggle',
        key: 'resetTagDefaultsOnStartup',
        label: 'Choices start fresh at each visit',
        hint: 'Off: the app keeps what the visitor chose last time.',
      },
      {
        kind: 'toggle',
        key: 'listenQuestionsDynamic',
        label: 'Listen choices depend on the answer before',
      },
    ],
  },
  {
    title: 'Sound',
    fields: [
      {
        kind: 'number',
        key: 'targetLufs',
        label: 'Level recordings to',
        unit: 'LUFS',
        min: -40,
        max: -5,
        empty: 'off',
        hint: 'Lifts whispers and lowers shouts to the same loudness. −18 suits speech outdoors. Empty: as recorded.',
      },
      {
        kind: 'number',
        key: 'masterGain',
        label: 'Gain of the whole mix',
        min: 0,
        max: 4,
        step: 0.05,
        hint: '1 leaves it as it is; the limiter keeps peaks below −1 dB in any case.',
      },
      {
        kind: 'choice',
        key: 'output',
        label: 'Streams leave through',
        none: 'As the site is set up',
        options: [
          { value: 'builtin', word: 'Built-in mounts' },
          { value: 'icecast', word: 'Icecast' },
          { value: 'both', word: 'Both' },
        ],
        hint: 'Built-in mounts need nothing else. Icecast is for sites that already run one.',
      },
      {
        kind: 'choice',
        key: 'audioFormat',
        label: 'Usual format',
        options: [
          { value: 'mp3', word: 'MP3: plays everywhere' },
          { value: 'ogg', word: 'Ogg' },
        ],
        hint: 'For apps that do not ask for one.',
      },
      {
        kind: 'number',
        key: 'audioBitrateKbps',
        label: 'Usual bitrate',
        unit: 'kbit/s',
        min: 32,
        max: 320,
        step: 16,
      },
    ],
  },
  {
    title: 'Contributing',
    fields: [
      { kind: 'toggle', key: 'speakEnabled', label: 'Visitors may contribute' },
      {
        kind: 'toggle',
        key: 'geoSpeakEnabled',
        label: 'Only within range',
        hint: 'Contributions are kept with the place where they were made.',
      },
      {
        kind: 'toggle',
        key: 'autoSubmit',
        label: 'Heard by others at once',
        hint: 'Off: somebody submits each contribution under Recordings first.',
      },
      {
        kind: 'number',
        key: 'maxRecordingS',
        label: 'Longest recording',
        unit: 's',
        min: 1,
        max: 3_600,
      },
      {
        kind: 'toggle',
        key: 'speakQuestionsDynamic',
        label: 'Speak choices depend on the answer before',
      },
    ],
  },
  {
    title: 'Demonstration and links',
    fields: [
      {
        kind: 'toggle',
        key: 'demoStreamEnabled',
        label: 'Everybody hears the demo stream',
        hint: 'For shows far from the site: no personal mix is made.',
      },
      {
        kind: 'text',
        key: 'demoStreamUrl',
        label: 'Demo stream',
        maxLength: 512,
        hint: 'Address of an audio stream.',
      },
      {
        kind: 'text',
        key: 'outOfRangeUrl',
        label: 'Stream out of range',
        maxLength: 512,
        hint: 'What is heard too far from the site.',
      },
      {
        kind: 'text',
        key: 'sharingUrl',
        label: 'Sharing link',
        maxLength: 512,
        hint: '[id] stands for the recording’s number.',
      },
      {
        kind: 'text',
        key: 'filesUrl',
        label: 'App files',
        maxLength: 512,
        hint: 'Address of a ZIP with the app’s own pages; apps of Roundware load it.',
      },
      { kind: 'text', key: 'filesVersion', label: 'Version of the app files', maxLength: 16 },
    ],
  },
];

/** Texts that exist in each language. */
export const PROJECT_TEXTS = [
  {
    key: 'descriptionLocIds',
    label: 'Description',
    hint: 'What visitors read before they begin.',
    rows: 4,
  },
  {
    key: 'legalAgreementLocIds',
    label: 'Legal agreement',
    hint: 'Shown before the first contribution; it must be agreed to.',
    rows: 6,
  },
  {
    key: 'outOfRangeMessageLocIds',
    label: 'Too far away',
    hint: 'Shown beyond the range of all speakers.',
    rows: 2,
  },
  {
    key: 'demoStreamMessageLocIds',
    label: 'Demo stream',
    hint: 'Shown while the demo stream is played.',
    rows: 2,
  },
  { key: 'sharingMessageLocIds', label: 'Sharing', hint: 'Goes with a shared link.', rows: 2 },
] as const;
