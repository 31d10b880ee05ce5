/** Where a NATS server is, in the words of its client. */
export interface ServerAddress {
  /** `HOST:PORT`, with `tls://` before it when TLS is wanted; several of one cluster. */
  readonly servers: string[];
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
}

/**
 * Reads what operators write into `NATS_URL`: one or more addresses with commas, such as
 * `nats://127.0.0.1:4222` or `nats://USER:PASSWORD@HOST`. A user without a password is a token.
 *
 * @throws Error that names the value
 */
export function parseServerAddress(text: string): ServerAddress {
  const servers: string[] = [];
  let credentials: Omit<ServerAddress, 'servers'> = {};
  for (const part of text.split(',').map((each) => each.trim())) {
    let url: URL;
    try {
      url = new URL(part.includes('://') ? part : `nats://${part}`);
    } catch {
      throw new Error(`a NATS address must look like nats://HOST:PORT, but is ${hide(part)}`);
    }
    if (!['nats:', 'tls:'].includes(url.protocol) || url.hostname === '') {
      throw new Error(`a NATS address must look like nats://HOST:PORT, but is ${hide(part)}`);
    }
    const port = url.port === '' ? '4222' : url.port;
    servers.push(`${url.protocol === 'tls:' ? 'tls://' : ''}${url.hostname}:${port}`);
    const [user, pass] = [url.username, url.password].map(decodeURIComponent) as [string, string];
    if (user !== '') credentials = pass === '' ? { token: user } : { user, pass };
  }
  return { servers, ...credentials };
}

/** For messages to operators. */
export function withoutSecrets(address: ServerAddress): string {
  return address.servers.join(', ');
}

function hide(text: string): string {
  return JSON.stringify(text.replace(/\/\/[^@]*@/, '//…@'));
}
