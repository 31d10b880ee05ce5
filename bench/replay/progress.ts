import { Presets, SingleBar } from 'cli-progress';

const BAR_STEPS = 1000;
const BAR_UPDATE_MS = 100;
const LINE_MS = 5_000;

/** How far a replay is. Always on standard error: standard output belongs to the result. */
export interface Progress {
  update(share: number, messages: number): void;
  end(share: number, messages: number): void;
}

export function showProgress(): Progress {
  return process.stderr.isTTY ? new Bar() : new Lines();
}

class Bar implements Progress {
  private readonly bar: SingleBar;
  private nextUpdateMs = 0;

  constructor() {
    const format = 'replay {bar} {percentage}% | {messages} messages | {eta_formatted} left';
    this.bar = new SingleBar({ format, stream: process.stderr }, Presets.shades_classic);
    this.bar.start(BAR_STEPS, 0, { messages: 0 });
  }

  update(share: number, messages: number): void {
    const nowMs = performance.now();
    if (nowMs < this.nextUpdateMs) return;
    this.nextUpdateMs = nowMs + BAR_UPDATE_MS;
    this.show(share, messages);
  }

  end(share: number, messages: number): void {
    this.show(share, messages);
    this.bar.stop();
  }

  private show(share: number, messages: number): void {
    this.bar.update(Math.round(share * BAR_STEPS), { messages: messages.toLocaleString('en') });
  }
}

/** For logs: nothing from a replay that is over in a moment, a line now and then from a long one. */
class Lines implements Progress {
  private nextLineMs = performance.now() + LINE_MS;

  update(share: number, messages: number): void {
    const nowMs = performance.now();
    if (nowMs < this.nextLineMs) return;
    this.nextLineMs = nowMs + LINE_MS;
    const percent = (share * 100).toFixed(1);
    process.stderr.write(`replay: ${percent} %, ${messages.toLocaleString('en')} messages\n`);
  }

  end(): void {}
}
