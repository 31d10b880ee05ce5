import {
  EF_LOTS,
  EF_ORDER_ID,
  EF_REMAINING,
  EW_CODE,
  EW_FLAGS,
  EW_PRICE,
  EW_REQUEST,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  typeOf,
  W_HEAD,
} from '../../../engine/messages/layout.js';
import type { MessageBuffer } from '../../../engine/messages/message-buffer.js';
import { rejectName } from '../../../engine/messages/reject-codes.js';
import {
  EVT_ACCEPTED,
  EVT_FILL,
  EVT_REJECTED,
  FLAG_MAKER,
} from '../../../engine/messages/types.js';

/** One trade, as the maker saw it. */
export interface MakerFill {
  orderId: number;
  priceTicks: number;
  lots: number;
  remainingLots: number;
}

/** What came of one command, read from its events as a client would read them. */
export class CommandOutcome {
  /** Id of the order that was accepted, 0 when there is none. */
  orderId = 0;
  /** Name of the rejection, null when the command was not refused. */
  rejection: string | null = null;
  filledLots = 0;
  /** Fills of the last command: the first `fillCount` elements, which are reused. */
  readonly fills: MakerFill[] = [];
  fillCount = 0;

  read(events: MessageBuffer, request: number): void {
    this.orderId = 0;
    this.rejection = null;
    this.filledLots = 0;
    this.fillCount = 0;
    const { words, floats, length } = events;
    for (let slot = 0; slot < length; ) {
      const w = slot * SLOT_WORDS;
      const f = slot * SLOT_FLOATS;
      const head = words[w + W_HEAD] as number;
      const type = typeOf(head);
      const isAnswer = (words[w + EW_REQUEST] as number) === request;
      if (type === EVT_FILL && ((words[w + EW_FLAGS] as number) & FLAG_MAKER) !== 0) {
        this.addFill(
          floats[f + EF_ORDER_ID] as number,
          words[w + EW_PRICE] as number,
          floats[f + EF_LOTS] as number,
          floats[f + EF_REMAINING] as number,
        );
      } else if (type === EVT_ACCEPTED && isAnswer) {
        this.orderId = floats[f + EF_ORDER_ID] as number;
      } else if (type === EVT_REJECTED && isAnswer) {
        this.rejection = rejectName(words[w + EW_CODE] as number);
      }
      slot += slotsOf(head);
    }
  }

  private addFill(orderId: number, priceTicks: number, lots: number, remainingLots: number): void {
    this.filledLots += lots;
    const fill = this.fills[this.fillCount++];
    if (fill === undefined) {
      this.fills.push({ orderId, priceTicks, lots, remainingLots });
      return;
    }
    fill.orderId = orderId;
    fill.priceTicks = priceTicks;
    fill.lots = lots;
    fill.remainingLots = remainingLots;
  }
}
