import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A port that stays the same while the exchange behind it comes and goes, and whose connections can be cut. */
final class Relay {
  private final ServerSocket server;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private volatile int target;
  private volatile boolean open = true;

  Relay(int target) throws IOException {
    this.target = target;
    server = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
    start(this::accept);
  }

  int port() {
    return server.getLocalPort();
  }

  void lead(int port) {
    target = port;
  }

  /** Nobody gets through until it is opened again. */
  void close() {
    open = false;
    cut();
  }

  void open() {
    open = true;
  }

  /** Both ends of every connection, without a goodbye. */
  void cut() {
    for (Socket socket : sockets) quietlyClose(socket);
    sockets.clear();
  }

  private void accept() {
    while (true) {
      try {
        Socket client = server.accept();
        if (!open) {
          quietlyClose(client);
          continue;
        }
        Socket exchange = connected(client);
        if (exchange == null) continue;
        exchange.setTcpNoDelay(true);
        client.setTcpNoDelay(true);
        sockets.add(client);
        sockets.add(exchange);
        start(() -> pump(client, exchange));
        start(() -> pump(exchange, client));
      } catch (IOException gone) {
        // The client is gone already.
      }
    }
  }

  /** Null: the exchange is away, and the client has to try again. */
  private Socket connected(Socket client) {
    try {
      return new Socket(InetAddress.getLoopbackAddress(), target);
    } catch (IOException away) {
      quietlyClose(client);
      return null;
    }
  }

  private void pump(Socket from, Socket to) {
    byte[] bytes = new byte[8192];
    try (InputStream in = from.getInputStream(); OutputStream out = to.getOutputStream()) {
      for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) out.write(bytes, 0, count);
    } catch (IOException cut) {
      // As wanted.
    }
    quietlyClose(from);
    quietlyClose(to);
  }

  private static void start(Runnable work) {
    Thread thread = new Thread(work);
    thread.setDaemon(true);
    thread.start();
  }

  private static void quietlyClose(Socket socket) {
    try {
      socket.close();
    } catch (IOException closed) {
      // It is what was wanted.
    }
  }
}
