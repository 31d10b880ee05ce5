import fs from 'node:fs';
import Ajv from 'ajv';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../main/package-root.js';
import { MESSAGES } from '../protocol/messages.js';
import { REQUESTS } from '../protocol/requests.js';
import { ASYNCAPI_FILE, asyncApiDocument, asyncApiText } from './document.js';

interface Document {
  channels: Record<string, { messages: Record<string, { $ref: string }> }>;
  components: { messages: Record<string, { payload: object }> };
}

describe('the AsyncAPI document', () => {
  it('lies in the repository as the server gives it out (npm run codegen writes it)', () => {
    expect(fs.readFileSync(packageFile(ASYNCAPI_FILE), 'utf8')).toBe(asyncApiText());
  });

  it('has every message and request in both forms, and schemas that are some', () => {
    const { channels, components } = asyncApiDocument() as Document;
    const count = Object.keys(MESSAGES).length + Object.keys(REQUESTS).length;
    expect(Object.keys(components.messages).length).toBe(2 * count);
    for (const { messages } of Object.values(channels)) {
      expect(Object.keys(messages).length).toBe(count);
      for (const { $ref } of Object.values(messages)) {
        expect(components.messages[$ref.split('/').at(-1) as string]).toBeDefined();
      }
    }
    const ajv = new Ajv.default({ strict: false });
    ajv.addSchema(asyncApiDocument(), 'document');
    for (const [name, { payload }] of Object.entries(components.messages)) {
      expect(ajv.validateSchema(payload), name).toBe(true);
      const validate = ajv.compile({ $ref: `document#/components/messages/${name}/payload` });
      expect([validate(null), validate({}), validate([])], name).toEqual([false, false, false]);
    }
  });
});
