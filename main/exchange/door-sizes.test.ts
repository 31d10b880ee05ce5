import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limitsWithin, openFilesMax } from './door-sizes.js';

const WANTED = { connectionsMax: 800, socketsMax: 1_000, tcpConnectionsMax: 100, tickMs: 20 };

describe('the sizes of the doors', () => {
  it('are what was wanted where there are files enough, or nobody can tell', () => {
    for (const filesMax of [1_712, 1_000_000, null]) {
      expect(limitsWithin(filesMax, WANTED)).toEqual({ limits: WANTED, notice: null });
    }
  });

  it('shrink together where there are not, and the notice says what would be enough', () => {
    expect(limitsWithin(1_112, WANTED)).toEqual({
      limits: { connectionsMax: 400, socketsMax: 500, tcpConnectionsMax: 50, tickMs: 20 },
      notice:
        'this process may have 1112 files open, so the doors take 500 sockets (public) and 50 each (FIX, binary) instead of 1000 and 100; `ulimit -n 1712` is enough for all',
    });
    expect(limitsWithin(1_711, WANTED).notice).not.toBeNull();
  });

  it('leave files to everything else under any limit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 8, max: 30_000 }), (filesMax) => {
        const { connectionsMax, socketsMax, tcpConnectionsMax } = {
          ...WANTED,
          ...limitsWithin(filesMax, WANTED).limits,
        };
        const sockets = socketsMax + 2 * tcpConnectionsMax;
        expect(filesMax - sockets).toBeGreaterThanOrEqual(
          Math.min(512, Math.floor(filesMax / 2)) - 2,
        );
        expect(connectionsMax).toBeLessThanOrEqual(socketsMax);
        expect(tcpConnectionsMax).toBeGreaterThan(0);
      }),
    );
  });

  it('follow from what this system allows', () => {
    expect(openFilesMax()).toBeGreaterThan(8);
  });
});
