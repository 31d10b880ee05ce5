import type { TemplatedApp, us_listen_socket } from 'uWebSockets.js';

export interface ListenOptions {
  readonly host: string;
  /** 0 picks a free port; not where it is shared, because only its first listener would be let in. */
  readonly port: number;
  /** Other threads may listen there as well, and the kernel gives each its part of the clients. */
  readonly sharesPort?: boolean;
}

/** LIBUS_LISTEN_DEFAULT. */
const LISTEN_SHARED = 0;

/** Throws an error that names the address when it cannot be listened on. */
export function listenOn(
  app: TemplatedApp,
  { host, port, sharesPort = false }: ListenOptions,
): Promise<us_listen_socket> {
  return new Promise((resolve, reject) => {
    const done = (socket: us_listen_socket | false) => {
      if (socket === false) reject(new Error(`${host}:${port} cannot be listened on`));
      else resolve(socket);
    };
    if (!sharesPort) {
      app.listen(host, port, done);
      return;
    }
    // The addon takes options together with a host, though its types do not say so.
    const listen = app.listen as unknown as (...args: unknown[]) => TemplatedApp;
    listen.call(app, host, port, LISTEN_SHARED, done);
  });
}
