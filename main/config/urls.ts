import type { TableReader } from './table-reader.js';

const URL_PATTERN = /^https?:\/\/[^\s/]+\S*$/;
const URL_MEANING = 'an address that begins with http:// or https://';

/**
 * A list of servers whose answers are held against each other, which may be empty. None may be in it twice: a server that agrees with
 * itself would count as two.
 */
export function readUrls(table: TableReader, key: string): string[] {
  const urls = table.texts(key, URL_PATTERN, URL_MEANING);
  const places = urls.map((url) => (URL.canParse(url) ? new URL(url).href : url));
  places.forEach((place, i) => {
    const first = places.indexOf(place);
    if (first !== i) table.fail(`${key}[${i}] must not be the same server as ${key}[${first}]`);
  });
  return urls;
}
