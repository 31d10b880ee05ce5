import type { Schema } from '../schemas.js';

type Resolved = Schema & { $ref?: string };

/** Sentences for everything in which a value is not as its JSON Schema says; knows as much of that as the document uses. */
export function schemaProblems(
  document: object,
  schema: Resolved,
  value: unknown,
  at = '$',
): string[] {
  if (schema.$ref !== undefined) {
    return schemaProblems(document, referenced(document, schema.$ref), value, at);
  }
  const known = new Set([
    'type',
    'enum',
    'pattern',
    'minimum',
    'maximum',
    'description',
    'properties',
    'required',
    'additionalProperties',
    'items',
    'default',
  ]);
  const problems = Object.keys(schema).flatMap((key) => {
    return known.has(key) ? [] : [`${at}: the check does not know ${key}`];
  });
  const { type, enum: choices, pattern, minimum, maximum, items } = schema;
  const types = typeof type === 'string' ? [type] : type;
  if (types !== undefined && !types.some((one) => isOf(one, value))) {
    problems.push(`${at} is ${JSON.stringify(value)}, not of type ${types}`);
  }
  if (choices !== undefined && !choices.includes(value as string)) {
    problems.push(`${at} is ${JSON.stringify(value)}, not one of ${choices}`);
  }
  if (typeof value === 'string' && pattern !== undefined && !new RegExp(pattern).test(value)) {
    problems.push(`${at} is ${JSON.stringify(value)}, which is not like ${pattern}`);
  }
  if (typeof value === 'number' && (value < (minimum ?? value) || value > (maximum ?? value))) {
    problems.push(`${at} is ${value}, not within ${minimum} and ${maximum}`);
  }
  if (Array.isArray(value) && items !== undefined) {
    value.forEach((item, i) => {
      problems.push(...schemaProblems(document, items as Resolved, item, `${at}[${i}]`));
    });
  }
  if (isOf('object', value)) problems.push(...fieldProblems(document, schema, value as object, at));
  return problems;
}

function fieldProblems(document: object, schema: Schema, value: object, at: string): string[] {
  const { properties, required = [], additionalProperties } = schema;
  const problems: string[] = [];
  for (const name of required) if (!(name in value)) problems.push(`${at}.${name} is missing`);
  for (const [name, own] of Object.entries(value)) {
    const field = properties?.[name];
    if (field !== undefined)
      problems.push(...schemaProblems(document, field, own, `${at}.${name}`));
    else if (additionalProperties === false) problems.push(`${at}.${name} is not in the schema`);
  }
  return problems;
}

function isOf(type: string, value: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'integer':
      return Number.isSafeInteger(value);
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    default:
      return typeof value === type;
  }
}

function referenced(document: object, reference: string): Schema {
  let found: unknown = document;
  for (const name of reference.slice(2).split('/'))
    found = (found as Record<string, unknown>)[name];
  return found as Schema;
}
