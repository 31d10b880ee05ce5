import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import net from 'node:net';

/** Where a client comes from. */
export interface ClientOrigin {
  /** IP address, for what an API key may be used from. */
  readonly address: string;
  /** Whose allowance is drawn from. */
  readonly charged: string;
}

/** `behindProxy`: the operator says that a proxy on this machine stands before the port. */
export function originOf(
  response: HttpResponse,
  request: HttpRequest,
  behindProxy: boolean,
): ClientOrigin {
  const said = {
    peer: textOf(response.getRemoteAddressAsText()),
    proxied: textOf(response.getProxiedRemoteAddressAsText()),
    forwardedFor: request.getHeader('x-forwarded-for'),
  };
  return clientOrigin(said, behindProxy);
}

function textOf(address: ArrayBuffer): string {
  return Buffer.from(address).toString('latin1');
}

/** What counts as one address: of IPv6 the network of 64 bits that one subscriber has. */
export function addressKey(text: string): string {
  const isMapped = text.startsWith('0000:0000:0000:0000:0000:ffff:') || text.startsWith('::ffff:');
  if (!text.includes(':') || isMapped) return text;
  const [high = '', low] = text.split('::');
  // In short form zeros stand for what is missing.
  const groups = high === '' ? [] : high.split(':');
  if (low !== undefined) while (groups.length < NETWORK_GROUPS) groups.push('0');
  return groups
    .slice(0, NETWORK_GROUPS)
    .map((group) => group.replace(/^0+(?=.)/, '').toLowerCase())
    .join(':');
}

const NETWORK_GROUPS = 4;

/** What a request says of where it comes from; addresses as the socket spells them, empty when there is none. */
export interface SaidOrigin {
  peer: string;
  /** From the PROXY protocol, version 2. */
  proxied: string;
  /** The header x-forwarded-for. */
  forwardedFor: string;
}

const LOOPBACK =
  /^(127\.|0000:0000:0000:0000:0000:0000:0000:0001$|0000:0000:0000:0000:0000:ffff:7f)/;

/**
 * Behind a proxy all would share the proxy's allowance, so one on this machine is believed: what it says by the PROXY protocol, or the
 * last address in x-forwarded-for, which is the one that it has added itself. From anywhere else both could be made up by the client, and
 * from this machine, too, when the proxy hands on what it was sent: so only an operator who knows his proxy has it decide which keys may be used.
 */
export function clientOrigin(said: SaidOrigin, behindProxy: boolean): ClientOrigin {
  const { peer, proxied, forwardedFor } = said;
  const last = proxied !== '' ? proxied : (forwardedFor.split(',').at(-1)?.trim() ?? '');
  const believed = LOOPBACK.test(peer) && net.isIP(last) !== 0 ? last : peer;
  return { address: behindProxy ? believed : peer, charged: addressKey(believed) };
}
