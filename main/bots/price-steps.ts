/** Counts prices or quantities of an instrument in its own steps; enough for bots, whose sizes are small. */
export class Steps {
  private readonly size: number;
  private readonly decimals: number;

  constructor(step: string) {
    this.size = Number(step);
    this.decimals = step.split('.')[1]?.length ?? 0;
  }

  count(value: number): number {
    return Math.round(value / this.size);
  }

  text(steps: number): string {
    return (steps * this.size).toFixed(this.decimals);
  }
}
