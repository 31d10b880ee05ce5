import { DOMParser, type Element, type Node } from '@xmldom/xmldom';

/** What is wrong with a schema, with the line of the element that shows it. */
export class SchemaError extends Error {
  constructor(sentence: string, line: number | undefined) {
    super(line === undefined ? sentence : `line ${line}: ${sentence}`);
  }
}

/** An element of a schema. Namespaces do not matter: SBE's own prefix differs from schema to schema. */
export class XmlElement {
  private readonly node: Element;

  constructor(node: Element) {
    this.node = node;
  }

  static parse(text: string): XmlElement {
    const parser = new DOMParser({
      onError: (level, message) => {
        if (level !== 'warning')
          throw new SchemaError(`the XML is malformed: ${message}`, undefined);
      },
    });
    const root = parser.parseFromString(text, 'text/xml').documentElement;
    if (root === null) throw new SchemaError('the document has no element', undefined);
    return new XmlElement(root);
  }

  get name(): string {
    return this.node.localName ?? this.node.nodeName;
  }

  get text(): string {
    return (this.node.textContent ?? '').trim();
  }

  children(): XmlElement[] {
    const found: XmlElement[] = [];
    for (let node: Node | null = this.node.firstChild; node !== null; node = node.nextSibling) {
      if (node.nodeType === 1) found.push(new XmlElement(node as Element));
    }
    return found;
  }

  attribute(name: string): string | null {
    return this.node.hasAttribute(name) ? this.node.getAttribute(name) : null;
  }

  required(name: string): string {
    const value = this.attribute(name);
    if (value === null || value === '') this.fail(`${this.name} must have the attribute ${name}`);
    return value;
  }

  /** A whole number from 0; null when the attribute is absent. */
  number(name: string): number | null {
    const text = this.attribute(name);
    if (text === null) return null;
    const value = Number(text);
    if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(value)) {
      this.fail(`${name} of ${this.name} must be a whole number, but is "${text}"`);
    }
    return value;
  }

  fail(sentence: string): never {
    throw new SchemaError(sentence, this.node.lineNumber);
  }
}
