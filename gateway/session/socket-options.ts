import uWS from 'uWebSockets.js';

/** A frame of the native door far above its limit is cut by the socket itself; up to here it still gets an error. */
export const SOCKET_BYTES_MAX = 256 * 1024;

/** How the WebSockets of all doors are set up; what a conformance suite judges is an echo with just these. */
export function socketOptions(bytesMax: number, idleTimeoutS: number) {
  return {
    compression: uWS.DISABLED,
    maxPayloadLength: bytesMax,
    // Bounds are kept by the doors, with a reason for the client; the socket would drop silently.
    maxBackpressure: 0,
    idleTimeout: idleTimeoutS,
    sendPingsAutomatically: true,
  };
}
