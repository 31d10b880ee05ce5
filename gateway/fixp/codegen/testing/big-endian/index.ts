// Generated from the SBE schema by `npm run codegen`. Do not edit.

export * from './message-header.js';
export * from './group-size-encoding.js';
export * from './text16.js';
export * from './bits.js';
export * from './many-bits.js';
export * from './numbers-decoder.js';
export * from './numbers-encoder.js';

export const SBE_SCHEMA_ID = 78;
export const SBE_SCHEMA_VERSION = 0;
/** Bytes of the header in front of each message. */
export const SBE_HEADER_LENGTH = 8;
