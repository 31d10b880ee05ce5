/**
 * The yardstick: a uWebSockets.js server that sends every message back and does nothing else. It runs in a
 * process of its own, as the exchange does.
 */
import uWS from 'uWebSockets.js';

uWS
  .App()
  .ws('/*', {
    compression: uWS.DISABLED,
    maxPayloadLength: 256 * 1024,
    idleTimeout: 120,
    message: (socket, message, isBinary) => {
      socket.send(message, isBinary);
    },
  })
  .listen('127.0.0.1', 0, (socket) => {
    if (socket === false) throw new Error('no port can be listened on');
    const port = uWS.us_socket_local_port(socket as never);
    process.stdout.write(`ready ${JSON.stringify({ port })}\n`);
  });
