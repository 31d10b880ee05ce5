/**
 * Replaces comments, and if asked also the contents of strings and regular expressions, by spaces.
 * Every other character keeps its place, so that offsets and line numbers stay those of the source.
 *
 * The checks search what is left with regular expressions: a comment that mentions `Date.now` or an
 * import must not count. A full parser would be exact too, but the compiler pinned here offers none
 * to programs, and the few forms that matter need only this.
 */
export function blankOut(text: string, what: 'comments' | 'comments and strings'): string {
  const out = text.split('');
  const blank = (from: number, to: number): void => {
    for (let i = from; i < to; i++) if (out[i] !== '\n') out[i] = ' ';
  };
  const blankLiteral = what === 'comments' ? () => {} : blank;
  // Depth of braces at which each open `${` of a template ends.
  const templateDepths: number[] = [];
  let depth = 0;
  let at = 0;
  while (at < text.length) {
    const char = text[at]!;
    const start = at;
    if (text.startsWith('//', at) || text.startsWith('/*', at)) {
      at = endOfComment(text, at);
      blank(start, at);
    } else if (char === "'" || char === '"') {
      at = endOfQuoted(text, at + 1, char);
      blankLiteral(start + 1, at - 1);
    } else if (char === '/' && startsRegExp(text, at)) {
      at = endOfRegExp(text, at + 1);
      blankLiteral(start + 1, at - 1);
    } else if (char === '`' || (char === '}' && templateDepths.at(-1) === depth)) {
      if (char === '}') templateDepths.pop();
      at = endOfTemplatePart(text, at + 1);
      const opensExpression = text[at - 1] === '{';
      blankLiteral(start + 1, opensExpression ? at - 2 : at - 1);
      if (opensExpression) templateDepths.push(depth);
    } else {
      if (char === '{') depth++;
      if (char === '}') depth--;
      at++;
    }
  }
  return out.join('');
}

/** The line of an offset, counted from 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let i = text.indexOf('\n'); i >= 0 && i < offset; i = text.indexOf('\n', i + 1)) line++;
  return line;
}

function endOfComment(text: string, at: number): number {
  const isLine = text[at + 1] === '/';
  const end = isLine ? text.indexOf('\n', at) : text.indexOf('*/', at + 2);
  if (end < 0) return text.length;
  return isLine ? end : end + 2;
}

function endOfQuoted(text: string, from: number, quote: string): number {
  let at = from;
  // A line break ends a broken string, so that one slip does not swallow the rest of the file.
  while (at < text.length && text[at] !== quote && text[at] !== '\n') {
    at += text[at] === '\\' ? 2 : 1;
  }
  return Math.min(at + 1, text.length);
}

/** Ends after the closing backtick or after the `${` that opens an expression. */
function endOfTemplatePart(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    if (text[at] === '`') return at + 1;
    if (text.startsWith('${', at)) return at + 2;
    at += text[at] === '\\' ? 2 : 1;
  }
  return text.length;
}

function endOfRegExp(text: string, from: number): number {
  let at = from;
  let inClass = false;
  while (at < text.length && text[at] !== '\n') {
    if (text[at] === '[') inClass = true;
    if (text[at] === ']') inClass = false;
    if (text[at] === '/' && !inClass) return at + 1;
    at += text[at] === '\\' ? 2 : 1;
  }
  return Math.min(at, text.length);
}

/** A slash divides after a value and starts a regular expression everywhere else. */
function startsRegExp(text: string, at: number): boolean {
  // Looking back a little is enough: only the last word or sign before the slash decides.
  const before = text.slice(Math.max(0, at - 80), at).trimEnd();
  if (before === '') return true;
  const word = /[\w$]+$/.exec(before)?.[0];
  if (word !== undefined) return /^(return|typeof|case|in|of|void|delete|throw|await)$/.test(word);
  return !/[)\]}'"`]$/.test(before);
}
