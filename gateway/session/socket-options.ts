import uWS, { type TemplatedApp, type us_listen_socket } from 'uWebSockets.js';

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

/** LIBUS_LISTEN_DEFAULT: other threads may listen there as well, and the kernel gives each its part of the clients. */
const LISTEN_SHARED = 0;

/** The addon takes options together with a host, though its types do not say so. The port must not be 0: only its first listener would be let in. */
export function listenShared(
  app: TemplatedApp,
  host: string,
  port: number,
  done: (socket: us_listen_socket | false) => void,
): void {
  const listen = app.listen as unknown as (...args: unknown[]) => TemplatedApp;
  listen.call(app, host, port, LISTEN_SHARED, done);
}
