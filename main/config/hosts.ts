import net from 'node:net';

export const PORT_MAX = 65_535;

/** A host as it stands in a URL or before a port: IPv6 addresses have brackets there. */
export function hostInUrl(host: string): string {
  return net.isIPv6(host) ? `[${host}]` : host;
}

/** How this machine reaches what listens on this host: what listens on all addresses by loopback. */
export function ownHostInUrl(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '[::1]' : hostInUrl(host);
}
