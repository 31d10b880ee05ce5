// Generated from the SBE schema by `npm run codegen`. Do not edit.

export * from './message-header.js';
export * from './group-size-encoding.js';
export * from './small-group.js';
export * from './text32.js';
export * from './ascii8.js';
export * from './blob.js';
export * from './truth.js';
export * from './model.js';
export * from './gear.js';
export * from './extras.js';
export * from './wide-extras.js';
export * from './boost-type.js';
export * from './booster.js';
export * from './engine.js';
export * from './vehicle-decoder.js';
export * from './vehicle-encoder.js';
export * from './journey-decoder.js';
export * from './journey-encoder.js';
export * from './empty-decoder.js';
export * from './empty-encoder.js';

export const SBE_SCHEMA_ID = 77;
export const SBE_SCHEMA_VERSION = 3;
/** Bytes of the header in front of each message. */
export const SBE_HEADER_LENGTH = 8;
