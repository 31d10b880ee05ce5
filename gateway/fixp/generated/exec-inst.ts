// Generated from the SBE schema by `npm run codegen`. Do not edit.

export const ExecInst = {
  /** Refused when it would trade */
  postOnly: 1,
  /** With postOnly: one tick behind the opposite best instead of a refusal */
  postOnlySlide: 2,
  reduceOnly: 4,
} as const;
