/** Parts per million of the whole. In a file of its own because the kernel reads it, too. */
export const PPM_ONE = 1_000_000;
