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

interface Open {
  /** Markets that have not answered yet. */
  left: number;
  count: number;
  rejection: { market: number; code: number; value: number; limit: number } | null;
}

/**
 * A cancel of all markets' orders goes out as one command for each market, and each of them answers. Here the answers
 * become one: the sum, or the first rejection (the other markets' orders are canceled nevertheless).
 */
export class MassCancels {
  private readonly open = new Map<number, Open>();

  get any(): boolean {
    return this.open.size > 0;
  }

  begin(request: number, markets: number): void {
    this.open.set(request, { left: markets, count: 0, rejection: null });
  }

  /**
   * Takes an answer, and changes it in place to the sum when it is the last one. False: more are to come, and this one
   * goes to nobody. Answers to other requests pass.
   */
  passes(request: number, words: Int32Array, floats: Float64Array, at: number): boolean {
    const open = this.open.get(request);
    if (open === undefined) return true;
    const f = at / 2;
    const head = words[at + W_HEAD] as number;
    if (typeOf(head) === EVT_MASS_CANCELED) open.count += floats[f + EF_LOTS] as number;
    else if (open.rejection === null) {
      open.rejection = {
        market: marketOf(head),
        code: words[at + EW_CODE] as number,
        value: floats[f + EF_VALUE] as number,
        limit: floats[f + EF_LIMIT] as number,
      };
    }
    if (--open.left > 0) return false;
    this.open.delete(request);
    const { rejection } = open;
    if (rejection === null) {
      words[at + W_HEAD] = headOf(EVT_MASS_CANCELED, slotsOf(head), MARKET_ID_ALL);
      floats[f + EF_LOTS] = open.count;
    } else {
      words[at + W_HEAD] = headOf(EVT_REJECTED, slotsOf(head), rejection.market);
      words[at + EW_CODE] = rejection.code;
      floats[f + EF_VALUE] = rejection.value;
      floats[f + EF_LIMIT] = rejection.limit;
    }
    return true;
  }
}
