import { BlockList, isIP } from 'node:net';

/** An entry of an allow-list: an address, or a network such as 10.0.0.0/8. */
export function isAddressEntry(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  if (bits === undefined) return true;
  return /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}

/** The addresses that a key may be used from; without an entry all of them. */
export class AddressList {
  private readonly list: BlockList | null;

  constructor(entries: readonly string[]) {
    this.list = entries.length === 0 ? null : new BlockList();
    for (const entry of entries) {
      const [address = '', bits] = entry.split('/');
      const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
      if (bits === undefined) this.list?.addAddress(address, family);
      else this.list?.addSubnet(address, Number(bits), family);
    }
  }

  /** An IPv4 address may come in the form of IPv6, as servers that listen on both give it. */
  allows(address: string): boolean {
    if (this.list === null) return true;
    const plain = plainAddress(address);
    const family = isIP(plain);
    return family !== 0 && this.list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  }
}

function plainAddress(address: string): string {
  const mapped = /^(?:::ffff:|0000:0000:0000:0000:0000:ffff:)(.+)$/i.exec(address)?.[1];
  if (mapped === undefined) return address;
  if (isIP(mapped) === 4) return mapped;
  const words = mapped.split(':').map((word) => Number.parseInt(word, 16));
  const [high = 0, low = 0] = words;
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
