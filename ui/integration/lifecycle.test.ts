import { describe, expect, it } from 'vitest';
import { LIFECYCLE_MOVES as ALLOWED } from '../../actors/inventory/lifecycle.js';
import { LIFECYCLE_MOVES } from '../data/lifecycle.js';

describe('the moves a page offers', () => {
  it('are those that the server allows', () => {
    expect(LIFECYCLE_MOVES).toEqual(ALLOWED);
  });
});
