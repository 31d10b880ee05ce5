import { expect, it } from 'vitest';
import { hostInUrl, ownHostInUrl } from './hosts.js';

it.each([
  ['127.0.0.1', '127.0.0.1', '127.0.0.1'],
  ['0.0.0.0', '0.0.0.0', '127.0.0.1'],
  ['::1', '[::1]', '[::1]'],
  ['::', '[::]', '[::1]'],
  ['fe80::1', '[fe80::1]', '[fe80::1]'],
  ['exchange.example', 'exchange.example', 'exchange.example'],
])('%s is a part of URLs', (host, shown, own) => {
  for (const [name, wanted] of [
    [hostInUrl(host), shown],
    [ownHostInUrl(host), own],
  ]) {
    expect(name).toBe(wanted);
    expect(new URL(`http://${name}:8080/v1`).port).toBe('8080');
  }
});
