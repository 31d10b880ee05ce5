import { type Problem, problem, shown } from '../commands/problem.js';
import type { Parameter } from './routes.js';

const QUERY_CHARACTERS_MAX = 2_048;

/** Values by the parameter's name; absent ones have their fallback or are not there. */
export type Values = Readonly<Record<string, string | number>>;

export type ParsedQuery = { values: Values } | { problem: Problem };

/** Reads a query string by the table of its route. Each parameter comes once at most, and nothing else is there. */
export function parseQuery(query: string, parameters: readonly Parameter[]): ParsedQuery {
  if (query.length > QUERY_CHARACTERS_MAX) {
    const sentence = `the query must have at most ${QUERY_CHARACTERS_MAX} characters, but has ${query.length}`;
    return { problem: problem('query_is_too_long', sentence) };
  }
  const values: Record<string, string | number> = Object.create(null);
  for (const part of query === '' ? [] : query.split('&')) {
    const pair = decodedPair(part);
    if (pair === null) {
      const sentence = `the query must be NAME=VALUE joined by &, percent-encoded UTF-8, but has ${shown(part)}`;
      return { problem: problem('query_is_malformed', sentence) };
    }
    const [name, text] = pair;
    const parameter = parameters.find((known) => known.name === name);
    if (parameter === undefined) return { problem: unknown(name, parameters) };
    if (name in values) {
      return { problem: problem('parameter_is_repeated', `${name} must come once`) };
    }
    const value = readValue(parameter, text);
    if (typeof value === 'object') return { problem: value };
    values[name] = value;
  }
  for (const { name, isRequired, fallback } of parameters) {
    if (name in values) continue;
    if (fallback !== undefined) values[name] = fallback;
    else if (isRequired) {
      return { problem: problem('parameter_is_missing', `${name} must be present`) };
    }
  }
  return { values };
}

function decodedPair(part: string): [string, string] | null {
  const middle = part.indexOf('=');
  if (middle <= 0) return null;
  try {
    return [decodeURIComponent(part.slice(0, middle)), decodeURIComponent(part.slice(middle + 1))];
  } catch {
    return null;
  }
}

function readValue(parameter: Parameter, text: string): string | number | Problem {
  const { name, kind, minimum = 0, maximum = 0, choices = [] } = parameter;
  if (kind === 'integer') {
    const value = /^(0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : Number.NaN;
    if (value >= minimum && value <= maximum) return value;
    const sentence = `${name} must be an integer from ${minimum} to ${maximum}, but is ${shown(text)}`;
    return problem('integer_must_be_within_limits', sentence);
  }
  if (kind === 'choice' && !choices.includes(text)) {
    const sentence = `${name} must be one of ${choices.join(', ')}, but is ${shown(text)}`;
    return problem('value_is_not_allowed', sentence);
  }
  return text;
}

function unknown(name: string, parameters: readonly Parameter[]): Problem {
  const names = parameters.map((parameter) => parameter.name).join(', ');
  return problem('parameter_is_unknown', `${shown(name)} is no parameter; there are ${names}`);
}
