import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLink, writeLink } from './link-state.js';

describe('a link to a place', () => {
  it('opens the same project, place and tags', () => {
    const link = writeLink('https://site.example', {
      projectId: 3,
      position: { latitude: 48.137154, longitude: -11.57 },
      tagIds: [3, 4],
      language: 'de',
    });
    expect(link).toBe(
      'https://site.example/listen?project=3&lat=48.137154&lon=-11.57&tags=3,4&language=de',
    );
    expect(readLink(new URL(link))).toEqual({
      projectId: 3,
      position: { latitude: 48.137154, longitude: -11.57 },
      tagIds: [3, 4],
      language: 'de',
    });
  });

  it('takes the project from the path first', () => {
    expect(readLink(new URL('https://a.example/listen/7?project=3')).projectId).toBe(7);
  });

  it('keeps “no tags” apart from “as the project says”', () => {
    expect(readLink(new URL('https://a.example/listen?tags=')).tagIds).toEqual([]);
    expect(readLink(new URL('https://a.example/listen')).tagIds).toBeUndefined();
  });

  it('leaves out what is broken', () => {
    expect(
      readLink(
        new URL('https://a.example/listen/x?project=-1&lat=91&lon=5&tags=a,2,&language=xx1'),
      ),
    ).toEqual({ projectId: undefined, position: undefined, tagIds: [2], language: undefined });
  });

  it('comes back for any state', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e9 }),
        fc.integer({ min: -90e6, max: 90e6 }),
        fc.integer({ min: -180e6, max: 180e6 }),
        fc.array(fc.integer({ min: 1, max: 1e6 })),
        (projectId, lat, lon, tagIds) => {
          const position = { latitude: lat / 1e6, longitude: lon / 1e6 };
          const link = writeLink('http://h', { projectId, position, tagIds, language: undefined });
          const read = readLink(new URL(link));
          expect(read.projectId).toBe(projectId);
          expect(read.position?.latitude).toBeCloseTo(position.latitude, 6);
          expect(read.position?.longitude).toBeCloseTo(position.longitude, 6);
          expect(read.tagIds).toEqual(tagIds);
        },
      ),
    );
  });

  it('never throws on any query', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        const url = new URL('http://h/listen');
        url.searchParams.set('lat', a);
        url.searchParams.set('lon', b);
        url.searchParams.set('tags', a);
        readLink(url);
      }),
    );
  });
});
