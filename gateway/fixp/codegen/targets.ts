/** A schema, where its flyweights go, and how they import what all share; paths from the root of the repository. */
export interface CodegenTarget {
  readonly schema: string;
  readonly folder: string;
  readonly runtime: string;
}

const TESTING = 'gateway/fixp/codegen/testing';

export const CODEGEN_TARGETS: readonly CodegenTarget[] = [
  {
    schema: 'gateway/fixp/plimsoll-sbe.xml',
    folder: 'gateway/fixp/generated',
    runtime: '../sbe/flyweight.js',
  },
  // Schemas that show what SBE has and the product does not need, in several versions.
  ...['vehicle', 'vehicle-v2', 'big-endian'].map((name) => ({
    schema: `${TESTING}/${name}.xml`,
    folder: `${TESTING}/${name}`,
    runtime: '../../../sbe/flyweight.js',
  })),
];
