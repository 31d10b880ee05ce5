import type { HttpResponse, WebSocket } from 'uWebSockets.js';

/** The client's IP address as the socket spells it, in full. What a proxy says of another one is not believed. */
export function addressOf(client: HttpResponse | WebSocket<unknown>): string {
  return textOf(client.getRemoteAddressAsText());
}

/** What the PROXY protocol, version 2, says of the client; empty when nothing was said. */
export function proxiedAddressOf(response: HttpResponse): string {
  return textOf(response.getProxiedRemoteAddressAsText());
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
export interface Origin {
  peer: string;
  /** From the PROXY protocol, version 2. */
  proxied: string;
  /** The header x-forwarded-for. */
  forwardedFor: string;
}

const LOOPBACK =
  /^(127\.|0000:0000:0000:0000:0000:0000:0000:0001$|0000:0000:0000:0000:0000:ffff:7f)/;

/**
 * Whose allowance a request is charged to. Behind a proxy all would share that of the proxy, so a proxy on this machine is believed: what
 * it says by the PROXY protocol, or the last address in x-forwarded-for, which is the one that it has added itself. From anywhere else
 * both could be made up by the client.
 */
export function chargedAddress({ peer, proxied, forwardedFor }: Origin): string {
  if (!LOOPBACK.test(peer)) return addressKey(peer);
  if (proxied !== '') return addressKey(proxied);
  const last = forwardedFor.split(',').at(-1)?.trim() ?? '';
  return addressKey(last === '' ? peer : last.slice(0, ADDRESS_CHARACTERS_MAX));
}

/** The longest spelling of an address. */
const ADDRESS_CHARACTERS_MAX = 45;
