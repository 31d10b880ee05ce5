import type { Gateway, GatewayStats } from '../../gateway/gateway.js';
import type { GatewayThreads, ThreadState } from './gateway-threads.js';
import type { AnswerFigures } from './thread-stats.js';

/** Figures of all gateways of an exchange: the one in the main thread, which alone knows what there is once, and those in threads. */
export class GatewayFigures {
  private readonly gateway: Gateway;
  private readonly threads: GatewayThreads | null;

  constructor(gateway: Gateway, threads: GatewayThreads | null) {
    this.gateway = gateway;
    this.threads = threads;
  }

  stats(): GatewayStats {
    const sum = this.gateway.stats();
    for (const stats of this.threads?.stats() ?? []) {
      sum.connections += stats.connections;
      sum.loadLevel = Math.max(sum.loadLevel, stats.loadLevel);
      for (const [name, count] of Object.entries(stats.totals())) {
        sum[name as keyof GatewayStats] += count;
      }
    }
    return sum;
  }

  answers(): AnswerFigures {
    const { classes, sumUs } = this.gateway.answerTimes;
    const sum = { classes: classes.slice(), sumUs };
    for (const stats of this.threads?.stats() ?? []) {
      const own = stats.answers();
      sum.sumUs += own.sumUs;
      own.classes.forEach((count, i) => {
        (sum.classes[i] as number) += count;
      });
    }
    return sum;
  }

  insurance() {
    return this.gateway.insurance();
  }

  threadStates(): ThreadState[] {
    return this.threads?.states() ?? [];
  }
}
