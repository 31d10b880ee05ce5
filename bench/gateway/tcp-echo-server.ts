/** The yardstick of the binary door: a TCP server that sends all bytes back and does nothing else, in a process of its own. */
import net from 'node:net';

const server = net.createServer({ noDelay: true }, (socket) => {
  socket.on('data', (chunk) => socket.write(chunk));
  socket.on('error', () => {});
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as net.AddressInfo;
  process.stdout.write(`ready ${JSON.stringify({ port })}\n`);
});
