/** Names of a schema as names of TypeScript. */

/** What every flyweight has already, or what a class cannot have. */
const TAKEN = new Set(['wrap', 'wrapAndApplyHeader', 'next', 'clear', 'constructor', 'toString']);

export function className(name: string): string {
  return (name[0] as string).toUpperCase() + name.slice(1);
}

export function methodName(name: string): string {
  const method = (name[0] as string).toLowerCase() + name.slice(1);
  return TAKEN.has(method) ? `${method}_` : method;
}

/** `NewOrderSingle` → `new-order-single`. */
export function fileName(name: string): string {
  return words(name).join('-').toLowerCase();
}

/** `clOrdId` → `CL_ORD_ID`. */
export function constantName(name: string): string {
  return words(name).join('_').toUpperCase();
}

function words(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .split(/[ _-]+/)
    .filter((word) => word !== '');
}

/** A comment above a declaration; nothing when there is nothing to say. */
export function docOf(of: {
  description: string;
  since: number;
  deprecated: number | null;
}): string[] {
  const parts = [of.description.trim()];
  if (of.since > 0) parts.push(`Since version ${of.since}.`);
  if (of.deprecated !== null) parts.push(`@deprecated since version ${of.deprecated}.`);
  const text = parts
    .filter((part) => part !== '')
    .join(' ')
    .replaceAll('*/', '* /');
  return text === '' ? [] : [`/** ${text} */`];
}

export function indent(lines: readonly string[]): string[] {
  return lines.map((line) => (line === '' ? '' : `  ${line}`));
}
