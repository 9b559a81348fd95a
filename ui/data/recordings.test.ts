import { describe, expect, it } from 'vitest';
import {
  isNarrowed,
  lengthText,
  mediaHref,
  recordingFilter,
  recordingName,
  recordingQuery,
} from './recordings.js';

const filterOf = (text: string) => recordingFilter(new URLSearchParams(text));

describe('the filter of the recordings', () => {
  it('stands in the address and becomes a question to the server', () => {
    const filter = filterOf('submitted=no&type=audio&tags=3,4&length=usual&text=bees&user=ann');
    expect(recordingQuery(7, filter, { order: '-weight', page: 3, size: 100 })).toEqual({
      projectId: 7,
      submitted: false,
      mediaType: 'audio',
      tagIds: '3,4',
      minLengthS: 10,
      maxLengthS: 60,
      text: 'bees',
      userText: 'ann',
      ingest: undefined,
      order: '-weight',
      offset: 200,
      limit: 100,
    });
    expect(isNarrowed(filter)).toBe(true);
  });

  it('leaves out what the address says wrongly', () => {
    const filter = filterOf('submitted=perhaps&type=smell&tags=x,-1,2.5&length=huge&ingest=ready');
    expect(isNarrowed(filter)).toBe(false);
  });
});

describe('a recording', () => {
  it('is called by its description, its file or its number', () => {
    expect(recordingName({ id: 3, description: 'Bees', filename: 'a.mp3' })).toBe('Bees');
    expect(recordingName({ id: 3, description: ' ', filename: 'a.mp3' })).toBe('a.mp3');
    expect(recordingName({ id: 3, description: '', filename: null })).toBe('Recording 3');
  });

  it('has a length that reads like a clock', () => {
    expect(lengthText(null)).toBe('–');
    expect(lengthText(7.52)).toBe('0:07.5');
    expect(lengthText(9.97)).toBe('0:10');
    expect(lengthText(59.8)).toBe('1:00');
    expect(lengthText(3_725)).toBe('62:05');
  });

  it('has an address when it has a file', () => {
    expect(mediaHref({ filename: 'a b.mp3' })).toBe('/media/a%20b.mp3');
    expect(mediaHref({ filename: null })).toBeUndefined();
  });
});
