// Generated from the SBE schema by `npm run codegen`. Do not edit.

/** As in FIXP */
export const EstablishmentRejectCode = {
  /** The session is not known (any more) */
  Unnegotiated: 0,
  AlreadyEstablished: 1,
  SessionBlocked: 2,
  KeepaliveInterval: 3,
  Credentials: 4,
  Unspecified: 5,
} as const;
export type EstablishmentRejectCode = (typeof EstablishmentRejectCode)[keyof typeof EstablishmentRejectCode];
