import {
  EF_LIMIT,
  EF_LOTS,
  EF_VALUE,
  EW_CODE,
  headOf,
  marketOf,
  slotsOf,
  typeOf,
  W_HEAD,
} from '../../engine/messages/layout.js';
import { EVT_MASS_CANCELED, EVT_REJECTED } from '../../engine/messages/types.js';
import { MARKET_ID_ALL } from '../../engine/units/units.js';
import { MassCancelCounts } from './mass-cancel-counts.js';

interface Rejection {
  market: number;
  code: number;
  value: number;
  limit: number;
}

/** Mass cancels as events: the answers of all markets become one event. */
export class MassCancels {
  private readonly counts = new MassCancelCounts<Rejection>();

  get any(): boolean {
    return this.counts.any;
  }

  begin(request: number, markets: number): void {
    this.counts.begin(request, markets);
  }

  /**
   * Takes an answer, and changes it in place to the sum when it is the last one. False: more are to come, and this one
   * goes to nobody. Answers to other requests pass.
   */
  passes(request: number, words: Int32Array, floats: Float64Array, at: number): boolean {
    if (!this.counts.has(request)) return true;
    const f = at / 2;
    const head = words[at + W_HEAD] as number;
    const done =
      typeOf(head) === EVT_MASS_CANCELED
        ? this.counts.canceled(request, floats[f + EF_LOTS] as number)
        : this.counts.rejected(request, {
            market: marketOf(head),
            code: words[at + EW_CODE] as number,
            value: floats[f + EF_VALUE] as number,
            limit: floats[f + EF_LIMIT] as number,
          });
    if (done === null) return false;
    const { rejection } = done;
    if (rejection === null) {
      words[at + W_HEAD] = headOf(EVT_MASS_CANCELED, slotsOf(head), MARKET_ID_ALL);
      floats[f + EF_LOTS] = done.count;
    } else {
      words[at + W_HEAD] = headOf(EVT_REJECTED, slotsOf(head), rejection.market);
      words[at + EW_CODE] = rejection.code;
      floats[f + EF_VALUE] = rejection.value;
      floats[f + EF_LIMIT] = rejection.limit;
    }
    return true;
  }
}
