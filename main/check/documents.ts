import { posix } from 'node:path';
import type { Finding } from './finding.js';
import type { SourceFile } from './sources.js';

const LINK = /\]\(([^)\s]+)\)/g;
/** The first cell of a row of a README's table, where it names files and folders. */
const FIRST_CELL = /^\| (`[^|]*`) \|/;
const NAMED = /`([\w./-]+(?:\/|\.(?:ts|tsx|mjs|rs|sh|java|py|xml|toml|json)))`/g;

/**
 * What documents name has to be there: a link's target and its heading, and the files and folders in the first cells of the table of a
 * folder's README. `paths`: every file of the repository.
 */
export function findBrokenDocuments(
  documents: readonly SourceFile[],
  paths: readonly string[],
): Finding[] {
  const places = new Set(paths.flatMap(withFolders));
  const headings = new Map(documents.map(({ path, text }) => [path, anchorsOf(text)]));
  return documents.flatMap(({ path, text }) => {
    return withoutCode(text).flatMap((line, index) => {
      const broken = [...brokenLinks(path, line, places, headings)];
      if (isOfFolder(path)) broken.push(...missingFiles(path, line, places));
      return broken.map((sentence) => ({ file: path, line: index + 1, sentence }));
    });
  });
}

function* brokenLinks(
  path: string,
  line: string,
  places: ReadonlySet<string>,
  headings: ReadonlyMap<string, ReadonlySet<string>>,
): Generator<string> {
  for (const [, link = ''] of line.matchAll(LINK)) {
    if (/^[a-z]+:/.test(link)) continue;
    const [file = '', heading] = link.split('#');
    const target = file === '' ? path : posix.join(posix.dirname(path), file).replace(/\/$/, '');
    if (!places.has(target)) yield `The link leads to ${target}, which does not exist.`;
    else if (heading !== undefined && headings.get(target)?.has(heading) === false) {
      yield `${target} has no heading #${heading}.`;
    }
  }
}

function* missingFiles(path: string, line: string, places: ReadonlySet<string>): Generator<string> {
  const [, cell = ''] = FIRST_CELL.exec(line) ?? [];
  for (const [, name = ''] of cell.matchAll(NAMED)) {
    const folder = posix.dirname(path);
    const target = posix.join(folder, name).replace(/\/$/, '');
    if (places.has(target)) continue;
    const isBelow = [...places].some(
      (place) => place.startsWith(`${folder}/`) && place.endsWith(`/${name}`),
    );
    if (!isBelow) yield `The table names ${name}, which is not in this folder.`;
  }
}

/** The root's own tables tell of other things as well. */
function isOfFolder(path: string): boolean {
  return path.endsWith('/README.md');
}

/** Lines of fenced code are empty: what they show is not of this repository. */
function withoutCode(text: string): string[] {
  let isCode = false;
  return text.split('\n').map((line) => {
    const isFence = line.trimStart().startsWith('```');
    if (isFence) isCode = !isCode;
    return isFence || isCode ? '' : line;
  });
}

function withFolders(path: string): string[] {
  const parts = path.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** Names of headings as renderers of Markdown make them: small letters, blanks as dashes, nothing but letters, digits and dashes. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const line of withoutCode(text)) {
    const [, title] = /^#{1,6} (.+)$/.exec(line) ?? [];
    if (title === undefined) continue;
    const plain = title.toLowerCase().replace(/[^\p{Letter}\p{Number}\s_-]/gu, '');
    const anchor = plain.trim().replace(/\s/g, '-');
    for (let n = 0; ; n++) {
      const numbered = n === 0 ? anchor : `${anchor}-${n}`;
      if (anchors.has(numbered)) continue;
      anchors.add(numbered);
      break;
    }
  }
  return anchors;
}
