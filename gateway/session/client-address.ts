import type { HttpResponse } from 'uWebSockets.js';

/** The client's IP address as the socket spells it, in full. What a proxy says of another one is not believed. */
export function addressOf(response: HttpResponse): string {
  return Buffer.from(response.getRemoteAddressAsText()).toString('latin1');
}

/** What counts as one address: of IPv6 the network of 64 bits that one subscriber has. `text` as the socket spells it, in full. */
export function addressKey(text: string): string {
  const isMapped = text.startsWith('0000:0000:0000:0000:0000:ffff:');
  return text.includes(':') && !isMapped ? text.slice(0, 19) : text;
}
