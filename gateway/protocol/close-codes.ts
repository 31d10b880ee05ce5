/** Why the server ends a connection; the reason text says more. Codes from 4000 are the application's. */
export const CLOSE = {
  /** The exchange stops; reconnect and resume. */
  going_away: 1001,
  /** Several messages in a row could not be read. */
  malformed: 4000,
  /** Neither a login nor a subscription within the login time. */
  login_timeout: 4001,
  /** Too many failed logins on one connection. */
  login_failed: 4002,
  /** The API key that it came in with was revoked, or has expired. */
  key_is_void: 4003,
  /** The client reads too slowly for its private feed and answers; reconnect and resume. */
  slow_consumer: 4008,
  /** A message was larger than the limit. */
  message_too_large: 4009,
  /** The client went on sending after many `rate_limited` errors. */
  flooding: 4029,
  /** No free connection. */
  too_many_connections: 4030,
} as const;
