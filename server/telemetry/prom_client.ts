/**
 * What is taken of `prom-client`, for `import()`: of a CommonJS package that is imported so by its
 * own name, a bundle has no members but `default`.
 *
 * @module
 */
export { Registry } from "prom-client";
