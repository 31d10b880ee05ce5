/** Bounds of everything a client can make the gateway keep or do. */
export interface GatewayLimits {
  /** WebSockets of the native and the Binance door. */
  connectionsMax: number;
  /** Sockets of the public port, whatever comes by them. Above it they are closed unanswered. */
  socketsMax: number;
  /** Connections of the FIX door, and as many of the binary door. */
  tcpConnectionsMax: number;
  /** WebSockets from one IP address. */
  connectionsPerAddressMax: number;
  subscriptionsMax: number;
  messageBytesMax: number;
  batchRequestsMax: number;
  /** A connection that neither logs in nor subscribes within this time is closed. */
  loginTimeoutMs: number;
  challengeLifeMs: number;
  /** Largest distance between the signed time and the server's. */
  loginTimeToleranceMs: number;
  loginFailuresMax: number;
  /** Seconds without a message or pong after which a connection counts as dead. */
  idleTimeoutS: number;
  /** Of an account, over all its connections; of a connection without a login it is the address's. */
  requestsPerSecond: number;
  requestsBurst: number;
  /** Cancels that may still be sent when the allowance for requests is used up. */
  cancelsPerSecond: number;
  cancelsBurst: number;
  /**
   * Orders and amendments of an account within a window of so many seconds: so many, and one more for each so many USD that it has traded
   * in it. Cancels and reduce-only orders are not counted.
   */
  orderWindowS: number;
  orderWindowFree: number;
  orderUsdEach: number;
  /** All requests from one IP address, whoever sends them, as a multiple of what one account may send. */
  accountsPerAddress: number;
  /** Refused or unreadable messages in a row after which the connection is closed. */
  strikesMax: number;
  /** Bytes waiting for a socket above which public data is left out, and replaced by a snapshot later. */
  publicBufferBytesMax: number;
  /** Bytes waiting for a socket above which the connection is cut. */
  privateBufferBytesMax: number;
  /** Bytes waiting for all WebSockets of a thread: when many wait, the two above are their part of it. */
  allBuffersBytesMax: number;
  /** Public data is collected for this long before it is sent. */
  tickMs: number;
  /** Public frames kept for each channel, for resume. */
  publicFramesMax: number;
  /** Trades in the snapshot of a trades channel. */
  tradesSnapshotMax: number;
  /** Candles in the snapshot of a candles channel. */
  candlesSnapshotMax: number;
  /** Allowance of REST requests, of each address and of each account; a page costs one for each hundred rows it asks for. */
  restRequestsPerSecond: number;
  restRequestsBurst: number;
  /** Largest distance between the time of a signed REST request and the server's. */
  restTimeToleranceMs: number;
}

export const DEFAULT_LIMITS: GatewayLimits = {
  connectionsMax: 10_000,
  socketsMax: 12_000,
  tcpConnectionsMax: 1_000,
  connectionsPerAddressMax: 2_000,
  subscriptionsMax: 100,
  messageBytesMax: 16 * 1024,
  batchRequestsMax: 50,
  loginTimeoutMs: 10_000,
  challengeLifeMs: 30_000,
  loginTimeToleranceMs: 60_000,
  loginFailuresMax: 5,
  idleTimeoutS: 60,
  requestsPerSecond: 2_000,
  requestsBurst: 4_000,
  cancelsPerSecond: 2_000,
  cancelsBurst: 4_000,
  orderWindowS: 600,
  orderWindowFree: 600_000,
  orderUsdEach: 10,
  accountsPerAddress: 20,
  strikesMax: 200,
  publicBufferBytesMax: 256 * 1024,
  privateBufferBytesMax: 8 * 1024 * 1024,
  allBuffersBytesMax: 1024 * 1024 * 1024,
  tickMs: 20,
  publicFramesMax: 1_024,
  tradesSnapshotMax: 100,
  candlesSnapshotMax: 200,
  restRequestsPerSecond: 20,
  restRequestsBurst: 200,
  restTimeToleranceMs: 30_000,
};
