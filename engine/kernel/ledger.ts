/**
 * Positions that somebody else keeps, when the kernel runs as JavaScript; `wasm/ledger.ts` imports the same two functions
 * from its host. A book asks for them only when it was opened with LEDGER_OUTSIDE (tests, tools).
 */
export interface OutsideLedger {
  closableLots(book: i32, account: i32, side: i32): f64;
  /** Writes fee, realised profit, position and entry value into the event at this address. */
  settleFill(book: i32, event: i32): void;
}

let ledger: OutsideLedger;

export function useLedger(next: OutsideLedger): void {
  ledger = next;
}

export function closableLotsOutside(book: i32, account: i32, side: i32): f64 {
  return ledger.closableLots(book, account, side);
}

export function settleFillOutside(book: i32, event: i32): void {
  ledger.settleFill(book, event);
}
