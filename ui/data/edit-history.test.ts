import { describe, expect, it } from 'vitest';
import { EditHistory } from './edit-history.js';

describe('an edit history', () => {
  it('goes back and forth', () => {
    const history = new EditHistory('a');
    history.push('b');
    history.push('c');
    expect(history.undo()).toBe('b');
    expect(history.undo()).toBe('a');
    expect(history.undo()).toBe('a');
    expect(history.canUndo).toBe(false);
    expect(history.redo()).toBe('b');
    expect(history.canRedo).toBe(true);
  });

  it('forgets what was taken back when something new is done', () => {
    const history = new EditHistory('a');
    history.push('b');
    history.undo();
    history.push('c');
    expect(history.canRedo).toBe(false);
    expect(history.undo()).toBe('a');
  });

  it('keeps a bounded number of steps and no empty ones', () => {
    const history = new EditHistory(0, 3);
    for (let step = 1; step <= 10; step += 1) history.push(step);
    history.push(10);
    let steps = 0;
    while (history.canUndo) {
      history.undo();
      steps += 1;
    }
    expect(steps).toBe(3);
    expect(history.present).toBe(7);
  });

  it('begins anew after a save', () => {
    const history = new EditHistory('a');
    history.push('b');
    history.replace('B');
    expect(history.undo()).toBe('a');
    history.reset('saved');
    expect([history.present, history.canUndo, history.canRedo]).toEqual(['saved', false, false]);
  });
});
