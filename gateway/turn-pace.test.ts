import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { TurnPace } from './turn-pace.js';

function pace() {
  const seen = { handedOn: 0 };
  return { seen, pace: new TurnPace(() => seen.handedOn++) };
}

describe('the pace of a door', () => {
  it('hands a lone message on at once, and only once', async () => {
    const { seen, pace: own } = pace();
    for (let i = 1; i <= 3; i++) {
      own.came();
      expect(seen.handedOn).toBe(i);
      await turn();
      expect(seen.handedOn).toBe(i);
    }
  });

  it('gathers the messages of a turn when the turn before had several, until one had not', async () => {
    const { seen, pace: own } = pace();
    own.came();
    own.came();
    await turn();
    const before = seen.handedOn;
    for (let i = 0; i < 5; i++) own.came();
    expect(seen.handedOn).toBe(before);
    await turn();
    expect(seen.handedOn).toBe(before + 1);
    own.came();
    expect(seen.handedOn).toBe(before + 1);
    await turn();
    expect(seen.handedOn).toBe(before + 2);
    own.came();
    expect(seen.handedOn).toBe(before + 3);
    await turn();
  });
});
