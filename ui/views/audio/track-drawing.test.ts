import { describe, expect, it } from 'vitest';
import { newTrack } from '../../data/content-defaults.js';
import { drawVoice, voicePath, voiceWords } from './track-drawing.js';

const track = {
  ...newTrack(1),
  id: 1,
  minDurationS: 10,
  maxDurationS: 30,
  minDeadAirS: 2,
  maxDeadAirS: 5,
};

describe('the drawing of a voice', () => {
  it('begins with a pause or at once, and repeats with pauses between', () => {
    const { shortest, longest, totalS } = drawVoice({ ...track, startWithSilence: true });
    expect(shortest.map((one) => [one.fromS, one.toS])).toEqual([
      [2, 12],
      [14, 24],
      [26, 36],
    ]);
    expect(longest[0]?.fromS).toBe(5);
    expect(totalS).toBe(105);
    expect(drawVoice({ ...track, startWithSilence: false }).shortest[0]?.fromS).toBe(0);
  });

  it('halves fades that do not fit', () => {
    const { shortest } = drawVoice({ ...track, minDurationS: 2, minFadeInS: 3, minFadeOutS: 5 });
    expect([shortest[0]?.fadeInS, shortest[0]?.fadeOutS]).toEqual([1, 1]);
  });

  it('becomes a path that starts and ends in silence', () => {
    const path = voicePath(
      [{ fromS: 0, toS: 10, fadeInS: 2, fadeOutS: 3, volume: 1 }],
      20,
      2,
      200,
      40,
    );
    expect(path).toBe('M0.0 40.0L20.0 20.0L70.0 20.0L100.0 40.0Z');
    expect(
      voicePath([{ fromS: 0, toS: 1, fadeInS: 0, fadeOutS: 0, volume: 0 }], 1, 0, 10, 10),
    ).not.toContain('NaN');
  });
});

describe('the words of a voice', () => {
  it('say what it does', () => {
    expect(voiceWords(track)).toBe(
      'Begins with a pause. Plays 10 to 30 s of a recording, then is silent for 2 to 5 s.',
    );
    expect(
      voiceWords({ ...track, startWithSilence: false, minDeadAirS: 1, maxDeadAirS: 1 }),
    ).toContain('Begins at once');
    expect(voiceWords({ ...track, active: false })).toContain('Switched off');
    expect(voiceWords({ ...track, minPan: -1, maxPan: 1 })).toContain('Wanders');
    expect(voiceWords({ ...track, minPan: -1, maxPan: -1 })).toContain('left');
  });
});
