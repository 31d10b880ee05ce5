import type { Observation, SourceHealth, SourceListener } from '../price-source.js';
import type { UpdateFault } from '../pyth/update-error.js';

/** Keeps all that a source tells. */
export class Recorder implements SourceListener {
  readonly observations: Observation[] = [];
  readonly refused: UpdateFault[] = [];
  readonly notNewer: string[] = [];
  readonly healths: SourceHealth[] = [];

  onObservation(observation: Observation): void {
    this.observations.push(observation);
  }

  onRefused(fault: UpdateFault): void {
    this.refused.push(fault);
  }

  onNotNewer(_feed: string, kind: 'repeat' | 'older'): void {
    this.notNewer.push(kind);
  }

  onHealth(health: SourceHealth): void {
    this.healths.push(health);
  }

  get states(): string[] {
    return this.healths.map(({ state }) => state);
  }

  get prices(): bigint[] {
    return this.observations.map(({ mantissa }) => mantissa);
  }
}
