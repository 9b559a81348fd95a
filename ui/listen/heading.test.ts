import { describe, expect, it } from 'vitest';
import { headingOf, turn, turned } from './heading.js';

describe('the compass', () => {
  it('turns the device’s angle into a heading, also when the screen lies on its side', () => {
    expect(headingOf({ alpha: 90, absolute: true }, 0)).toBe(270);
    expect(headingOf({ alpha: 0, absolute: true }, 0)).toBe(0);
    expect(headingOf({ alpha: 350, absolute: true }, 90)).toBe(100);
    expect(headingOf({ alpha: 12, absolute: false, webkitCompassHeading: 200 }, 0)).toBe(200);
  });

  it('says nothing when north is not known', () => {
    expect(headingOf({ alpha: 90, absolute: false }, 0)).toBeUndefined();
    expect(headingOf({ alpha: null, absolute: true }, 0)).toBeUndefined();
  });

  it('goes the short way round north', () => {
    expect(turn(350, 10)).toBe(20);
    expect(turn(10, 350)).toBe(-20);
    expect(turned(-90)).toBe(270);
    expect(turned(360)).toBe(0);
  });
});
